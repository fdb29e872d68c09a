// What `millrace completion bash` prints: a function that completes commands, options and paths.
// Promises: the options are those of the tables, so it knows each that there is.

import { COMMANDS } from './arguments.ts';
import { COMMAND_FLAGS, RUN_FLAGS } from './command-options.ts';

/** For `eval "$(millrace completion bash)"`. */
export function bashCompletion(): string {
  const options = [...COMMAND_FLAGS, ...RUN_FLAGS].map(({ name }) => `--${name}`).join(' ');
  return `_millrace() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${COMMANDS.join(' ')} --help --version" -- "$word"))
  elif [ "\${word:0:1}" = "-" ]; then
    COMPREPLY=($(compgen -W "${options}" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -o filenames -F _millrace millrace
`;
}
