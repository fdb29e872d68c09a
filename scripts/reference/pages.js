// @ts-check
// Makes pages of docs/ part of the site that TypeDoc builds: in the order and under the headings of docs/README.md, each by its own
// title, at docs/<name of the file>.html; modules are named as an app imports them.
// Relies on: docs/README.md lists every page, which a test of the docs sees to; what it does not list is not on the site.

import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Converter, DocumentReflection, KindRouter } from 'typedoc';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
const INDEX = 'README.md';
const CHANGES = '../CHANGELOG.md';

/**
 * The pages, with the headings that the index lists them under.
 * @param {string} index
 */
function pagesOf(index) {
  /** @type {Map<string, string>} */
  const pages = new Map([[INDEX, 'Start here']]);
  let heading = '';
  for (const line of index.split('\n')) {
    heading = /^## (.+)$/.exec(line)?.[1] ?? heading;
    const page = /^- \[[^\]]+\]\(([a-z-]+\.md)\)/.exec(line)?.[1];
    if (page !== undefined) pages.set(page, heading);
  }
  return pages.set(CHANGES, 'Reference');
}

/** Names of files, by the pages made of them. @type {WeakMap<object, string>} */
const names = new WeakMap();

class PagesRouter extends KindRouter {
  /**
   * @override
   * @protected
   * @param {import('typedoc').Reflection} reflection
   */
  getIdealBaseName(reflection) {
    const name = reflection instanceof DocumentReflection ? names.get(reflection) : undefined;
    return name === undefined ? super.getIdealBaseName(reflection) : `docs/${name}`;
  }
}

/** @param {Application} app */
export function load(app) {
  const pages = pagesOf(readFileSync(`${DOCS}/${INDEX}`, 'utf8'));
  const headings = [...new Set(pages.values())];
  app.renderer.defineRouter('pages', /** @type {any} */ (PagesRouter));
  app.on(Application.EVENT_BOOTSTRAP_END, () => {
    app.options.setValue('router', 'pages');
    app.options.setValue('groupOrder', [...headings, 'Modules', '*']);
    app.options.setValue(
      'projectDocuments',
      [...pages.keys()].map((page) => join(DOCS, page)),
    );
  });
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const path = document.project.files.getReflectionPath(document) ?? '';
    const page = basename(path) === basename(CHANGES) ? CHANGES : basename(path);
    names.set(document, basename(path, '.md'));
    document.frontmatter.group = pages.get(page);
    const [first] = document.content;
    const title = /^# (.+)\n/.exec(first.text);
    if (title === null) throw new Error(`${path} does not begin with its title`);
    document.name = page === INDEX ? 'All pages' : title[1];
    // The theme writes it above the page.
    first.text = first.text.slice(title[0].length);
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) module.name = module.name.replace(/^src(?=\/|$)/, 'millrace');
  });
}
