#!/usr/bin/env bash
# The first ten minutes of somebody who knows Node.js and not Millrace: an empty folder, `npm init -y`, the packed package, the README's
# first example as JavaScript (ES modules and CommonJS) and TypeScript, what is mistyped on the way, a CSV file as it comes, a bundle.
# Relies on: the package has been built.
# Promises: each gives the right output, or a message that says what to do.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

step() { printf 'first steps: %s\n' "$*"; }
fail() { printf 'first steps: FAILED: %s\n' "$*" >&2; exit 1; }
# says WHAT TEXT: standard input has the text.
says() { local text; text="$(cat)"; grep -qF -- "$2" <<<"$text" || fail "$1: no '$2' in: $text"; }
# block FILE: the block of README.md whose first line is `// FILE`; shown COMMAND: the lines below `$ COMMAND`.
block() { awk -v first="// $1" '$0 == first { on = 1 } on && /^```/ { exit } on' "$root/README.md"; }
shown() { awk -v first="\$ $1" '$0 == first { on = 1; next } on && (/^```/ || /^\$ /) { exit } on' "$root/README.md"; }

step 'npm install'
tarball="$(cd "$root" && npm pack --silent --ignore-scripts --pack-destination "$folder")"
mkdir "$folder/app" && cd "$folder/app"
npm init --yes >/dev/null
npm install "../$tarball" >../install.txt 2>&1 || fail "$(cat ../install.txt)"
# npm warns of packages that run something when they are installed.
! grep -q hasInstallScript package-lock.json || fail "install scripts: $(grep -B9 hasInstallScript package-lock.json)"

step 'the first example of the README, in a project as npm init makes it'
block word-count.js >word-count.js
block app.js >app.js
shown 'cat rhyme.txt' >rhyme.txt
npx millrace run word-count.js --file rhyme.txt >out.txt 2>err.txt || says 'import in CommonJS' 'npm pkg set type=module' <err.txt
npm pkg set type=module
diff <(node app.js) <(shown 'node app.js') || fail 'README: app.js'

step 'as CommonJS'
mkdir commonjs && echo '{ "type": "commonjs" }' >commonjs/package.json
sed -e "s/^import \(.*\) from \('.*'\);/const \1 = require(\2);/" -e 's/export default /module.exports = /' \
  -e 's/import\.meta\.url/__filename/' word-count.js >commonjs/word-count.js
diff <(npx millrace run commonjs/word-count.js --file rhyme.txt --workers 1 2>/dev/null | tail -n 1) \
  <(npx millrace run word-count.js --file rhyme.txt --workers 1 2>/dev/null | tail -n 1) || fail 'CommonJS'

step 'as TypeScript'
mkdir typescript
sed -e "s/(flow, { file })/(flow, { file }: { file: string })/" word-count.js >typescript/word-count.ts
npx millrace run typescript/word-count.ts --file rhyme.txt >out.txt 2>err.txt || says 'TypeScript' "NODE_OPTIONS='--import tsx'" <err.txt
npm install --silent --save-dev tsx
NODE_OPTIONS='--import tsx' npx millrace run typescript/word-count.ts --file rhyme.txt 2>/dev/null | says 'by tsx' 'the	4'
sed -e "s/word-count.js/.\/word-count.ts/" -e "s/'\.\/\.\//'.\//" app.js >typescript/app.ts
diff <(npx tsx typescript/app.ts) <(shown 'node app.js') || fail 'app.ts by tsx'

step 'a typo'
sed 's/emit({ word })/emit({ wrod: word })/' word-count.js >typo.js
(npx millrace run typo.js --file rhyme.txt --json 2>/dev/null || true) | says 'a field' 'set the field in every tuple'
(npx millrace run word-count.js --fiel rhyme.txt 2>&1 || true) | says 'a parameter' 'did you mean --file?'
(npx millrace chekc word-count.js 2>&1 || true) | says 'a command' 'did you mean millrace check?'
sed "s/job.output('counts')/job.output('count')/" app.js >output.js
(node output.js 2>&1 || true) | says 'an output' "use one of 'counts'"

step 'an async closure'
sed 's/({ line }, emit) =>/async ({ line }, emit) =>/' word-count.js >async.js
(npx millrace check async.js --file rhyme.txt 2>&1 || true) | says 'async' 'docs/errors.md#ASYNC_CLOSURE'

step 'a second output'
sed "s/    .collect('counts'),/    .filter('often', ({ count }) => count > 2)\n    .collect('often-seen'),/" word-count.js >often.js
npx millrace run often.js --file rhyme.txt --output often.txt 2>/dev/null
says 'another output' 'round	4' <often.txt

step 'a CSV file with spaces in its header and empty cells'
awk '$0 == "// sales.js" { on = 1 } on && /^```/ { exit } on' "$root/docs/first-result.md" >sales.js
printf '\xef\xbb\xbfProduct name,Price (cents),Note\r\ntea,350,\r\nsalt,,gift\r\ntea,420,second\r\n' >sales.csv
npx millrace run sales.js --file sales.csv 2>/dev/null | sort | tr '\n' ';' | says 'CSV' 'salt	1	0;tea	2	770;'

step 'millrace init'
npx millrace init begun >/dev/null
(cd begun && node ../node_modules/millrace/dist/src/cli/main.js run visits.mjs 2>/dev/null | says 'init' '/	3	100' && node --test >/dev/null)

step 'npm create millrace'
created="$(cd "$root/packages/create-millrace" && npm pack --silent --pack-destination "$folder")"
mkdir ../create && (cd ../create && npm exec --yes --package="../$created" --package="../$tarball" -- create-millrace begun >/dev/null)
(cd ../create/begun && npm pkg set dependencies.millrace="file:../../$tarball" && npm install --silent && npm start --silent 2>/dev/null | says 'create' '/	3	100')

step 'completion'
PATH="$PWD/node_modules/.bin:$PATH" bash -c 'eval "$(millrace completion bash)"; COMP_WORDS=(millrace run sales.js --fi); COMP_CWORD=3; _millrace; echo "${COMPREPLY[@]}"' |
  says 'completion' '--file'

step 'bundles'
cp "$root"/examples/bundles/*.js .
for bundler in "$@"; do npm install --silent --save-dev "$bundler"; done
squares="$(printf '0\n1\n4\n9\n16')"
"$root/node_modules/.bin/esbuild" one-file.js --bundle --platform=node --format=esm --packages=external --outfile=bundled.js --log-level=error
[ "$(node bundled.js)" = "$squares" ] || fail 'esbuild'
"$root/node_modules/.bin/esbuild" one-file.js --bundle --platform=node --format=esm --outfile=inside.js --log-level=error
(node inside.js 2>&1 || true) | says 'Millrace inside' BUNDLED
if [ -d node_modules/webpack-cli ]; then
  npx webpack -c webpack.config.js >/dev/null
  [ "$(node dist/one-file.mjs)" = "$squares" ] || fail 'webpack'
fi
if [ -d node_modules/vite ]; then
  npx vite build --outDir built . >/dev/null
  [ "$(node built/app.js)" = "$squares" ] || fail 'vite'
fi
step 'done'
