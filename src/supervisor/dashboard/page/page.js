// The page: hears of its job, and hands what it hears to the parts that show it.

import { Details } from './details.js';
import { byId, element, setText, whenChanged } from './dom.js';
import { Graph } from './graph.js';
import { LatencyPanel } from './latency.js';
import { OperatorPanel } from './operator.js';
import { Panels } from './panels.js';
import { ProfileView } from './profile.js';
import { StateBrowser } from './state.js';
import { listen } from './stream.js';
import { Timeline } from './timeline.js';

const TOKEN = 'millrace-token';
const PROFILE_MS = 1000;
const STATUS_WORDS = /** @type {Record<string, string>} */ ({
  connecting: 'connecting',
  live: 'running',
  ended: 'ended',
  away: 'connection lost: this is the last state',
  locked: 'locked',
});

/** @type {any} */
let hello;
/** @type {any} */
let state;
/** @type {Graph | undefined} */
let graph;
/** @type {Timeline | undefined} */
let timeline;
/** @type {Panels | undefined} */
let panels;
/** @type {LatencyPanel | undefined} */
let latency;
let status = 'connecting';
let token = sessionStorage.getItem(TOKEN) ?? '';

const canAct = () => hello?.canAct === true && token !== '' && status === 'live';

const operator = new OperatorPanel(
  (action) => void act(action),
  () => choose(-1),
  (id, replica) => void profile(id, replica),
  (chosen, group) => browser.show(chosen, group),
);
const profiles = new ProfileView();
/** @param {string} path */
const read = (path) => fetch(path, token === '' ? {} : { headers: { authorization: `Bearer ${token}` } });
const browser = new StateBrowser(read);
const details = new Details(read, () => {
  if (state !== undefined) operator.update(hello, state, details.latest, canAct());
});

/** @param {number} index */
function choose(index) {
  operator.show(index === operator.index ? -1 : index);
  graph?.mark(operator.index);
  if (state === undefined) return;
  details.update(operator.index, hello, state);
  operator.update(hello, state, details.latest, canAct());
}

/**
 * @param {string} path
 * @param {object} body
 */
const post = (path, body) =>
  fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
  });

/**
 * @param {string} id
 * @param {number} replica
 */
async function profile(id, replica) {
  const { name } = hello.operators.find((/** @type {any} */ each) => each.id === id);
  setText(byId('told'), `looking at ${name} for ${PROFILE_MS / 1000} s`);
  try {
    const response = await post('/profile', { operator: id, replica, ms: PROFILE_MS });
    const text = await response.text();
    if (response.ok) profiles.show(name, text);
    setText(byId('told'), response.ok ? '' : text.trim());
    if (response.status === 401) forget();
  } catch {
    setText(byId('told'), 'the job does not answer');
  }
}

/** @param {object} action */
async function act(action) {
  try {
    const response = await post('/action', action);
    setText(byId('told'), (await response.text()).trim());
    if (response.status === 401) forget();
  } catch {
    setText(byId('told'), 'the job does not answer');
  }
}

function forget() {
  token = '';
  sessionStorage.removeItem(TOKEN);
  setText(byId('unlock-told'), 'this is not the token');
  show();
}

const drawHints = whenChanged((/** @type {readonly string[]} */ hints) => {
  byId('hints').replaceChildren(...hints.map((text) => element('li', {}, text)));
});

function show() {
  const isStalled = status === 'live' && state?.stalled !== undefined;
  const pill = byId('status');
  pill.className = `pill ${isStalled ? 'stalled' : status}`;
  setText(pill, isStalled ? `stalled: ${state.stalled}` : STATUS_WORDS[status]);
  byId('unlock').classList.toggle('first', status === 'locked');
  byId('unlock').hidden = !(status === 'locked' || (hello?.canAct && token === ''));
  document.body.classList.toggle('stale', status !== 'live');
  if (state === undefined || hello === undefined) return;
  graph?.update(state);
  timeline?.update(state);
  panels?.update(hello, state, canAct());
  latency?.update(hello, state);
  details.update(operator.index, hello, state);
  operator.update(hello, state, details.latest, canAct());
  drawHints(state.hints);
}

/** @param {any} message */
function hear({ kind, ...data }) {
  if (kind === 'status') status = data.status;
  if (kind === 'hello') {
    const isSame = hello?.run === data.run;
    hello = data;
    document.title = `${data.job} – Millrace`;
    setText(byId('job'), data.job);
    if (!isSame) {
      // Nothing of the job before is shown as if it were of this one.
      state = undefined;
      operator.show(-1);
      profiles.hide();
      browser.hide();
      graph = new Graph(hello, choose);
      byId('chart').replaceChildren();
      timeline = new Timeline(hello);
      latency = new LatencyPanel();
      panels = new Panels((worker) => {
        if (confirm(`Terminate the thread of worker ${worker}? Its actors are taken over.`))
          void act({ action: 'kill', worker });
      });
    }
  }
  if (kind === 'state') state = data;
  show();
}

const stream = listen(hear);
if (token !== '') stream.useToken(token);

byId('unlock').addEventListener('submit', (event) => {
  event.preventDefault();
  const input = /** @type {HTMLInputElement} */ (byId('token'));
  token = input.value.trim();
  input.value = '';
  sessionStorage.setItem(TOKEN, token);
  setText(byId('unlock-told'), '');
  stream.useToken(token);
  show();
});

addEventListener('keydown', ({ key }) => {
  if (key === 'Escape' && operator.index >= 0) choose(-1);
});

let resizing = 0;
addEventListener('resize', () => {
  cancelAnimationFrame(resizing);
  resizing = requestAnimationFrame(() => {
    graph?.resize();
    timeline?.resize();
  });
});
