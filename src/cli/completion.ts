// What `millrace completion bash` (zsh, fish) prints: a function that completes commands, options, parameters of flows, and paths.
// Promises: each shell asks the command itself what may stand there (completion-words.ts), by the name that it was called by; where it
// knows nothing, the shell completes paths.

import type { Shell } from './arguments.ts';

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `_millrace() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _millrace millrace
`,
  zsh: `_millrace() {
  local -a found
  found=("\${(@f)$("\${words[1]}" completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
compdef _millrace millrace
`,
  fish: `function __millrace_words
  set -l words (commandline -opc) (commandline -ct)
  $words[1] completion words -- $words[2..-1] 2>/dev/null
end
complete -c millrace -a '(__millrace_words)'
`,
};

/** For `eval "$(millrace completion bash)"`, and what each shell has for it. */
export const completionScript = (shell: Shell): string => SCRIPTS[shell];
