"use strict";
// What the page is about: the matrix, read once and never changed, and what can be asked of it.

const data = JSON.parse(document.getElementById("data").textContent);

const MISSING = { id: "missing", name: "no source", good: false, meaning: "There is no tree to try the series on." };
const ABSENT = { id: "absent", name: "no such ref", good: true, meaning: "It has no ref or version of this name." };
const STATES = [MISSING, ...data.states, ABSENT]; // the worst first
const lacking = (cell) => (cell.against ? ABSENT : MISSING); // that a further ref is not everywhere needs no hand
const BY_NAME = new Map(STATES.map((state) => [state.name, state]));

const natural = (one, other) => one.localeCompare(other, "en", { numeric: true });
const place = (cell) => (cell.against ? `${cell.release} against ${cell.against}` : cell.release);
const counted = (number, noun, plural = `${noun}s`) => `${number} ${number === 1 ? noun : plural}`;
const rank = (state) => STATES.indexOf(state);

function grouped(things, key) {
  const groups = new Map();
  for (const thing of things) {
    if (!groups.has(key(thing))) groups.set(key(thing), []);
    groups.get(key(thing)).push(thing);
  }
  return groups;
}

/* The first part of a fragment: `nova/2026.2`, `nova/2026.2@master`. What is encoded has neither `/` nor `@`. */
function keyOf(cell) {
  const against = cell.against ? `@${encodeURIComponent(cell.against)}` : "";
  return `${encodeURIComponent(cell.component)}/${encodeURIComponent(cell.release)}${against}`;
}

/* Columns: the releases' own sources first, then a group for each further ref. Oldest release left, `master` last. */
const groups = [...new Set(data.cells.map((cell) => cell.against))].sort((one, other) => (one && 1) - (other && 1));
const columns = groups.flatMap((against) => {
  const releases = new Set(data.cells.filter((cell) => cell.against === against).map((cell) => cell.release));
  return [...releases].sort(natural).map((release) => ({ against, release }));
});
const components = [...new Set(data.cells.map((cell) => cell.component))].sort(natural);

const cells = new Map();
for (const cell of data.cells) {
  cell.key = keyOf(cell);
  cells.set(cell.key, cell);
}

/* The lines of a mail or of DEP-3 that say who a patch belongs to, and what it is about elsewhere. */
const FIELDS = /^(?:from|author|owner|bug\S*|\S+-bug|change-id|set):.*$/gim;

function fieldsOf(text) {
  const end = text.search(/^(?:diff |Index: |--- \S)/m);
  return (text.slice(0, end < 0 ? 4000 : end).match(FIELDS) || []).join("\n");
}

const textOf = (patch) => data.texts[data.files[patch.file]] ?? "";

/* Everything that can stand in a list, in the order of the matrix: patches, and cells that have no tree. */
const items = [];
for (const component of components) {
  for (const column of columns) {
    const cell = cells.get(keyOf({ component, ...column }));
    if (!cell) continue;
    cell.items = cell.patches.map((patch) => ({ cell, patch, state: BY_NAME.get(patch.state) }));
    if (cell.missing) cell.items.unshift({ cell, patch: null, state: lacking(cell) });
    items.push(...cell.items);
  }
}
for (const item of items) {
  const { cell, patch } = item;
  const own = patch ? [patch.name, patch.subject, patch.about, fieldsOf(textOf(patch))] : [cell.missing, cell.target];
  item.words = [cell.component, cell.release, cell.against, item.state.name, ...own].join("\n").toLowerCase();
}

/* Where else the same content is carried or tried. */
const carriers = grouped(items.filter((item) => item.patch), ({ patch }) => data.files[patch.file]);

function elsewhere(item) {
  const same = carriers.get(data.files[item.patch.file]) ?? [];
  return data.files[item.patch.file] === undefined ? [] : same.filter((other) => other !== item);
}

/* What a filter leaves. `states` and `hand` choose by state, each word of `text` must be in what an item says. */
function filtered({ text, states, hand }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return items.filter(
    (item) =>
      (states.size === 0 || states.has(item.state.id)) &&
      (!hand || !item.state.good) &&
      words.every((word) => item.words.includes(word)),
  );
}

const worst = (some) => some.map((item) => item.state).sort((one, other) => rank(one) - rank(other))[0];

/* How many there are of each state: [[state, number], ...], the worst first. */
function tally(some) {
  return STATES.map((state) => [state, some.filter((item) => item.state === state).length]).filter(([, n]) => n);
}

function inWords(some) {
  const isPatch = (state) => state !== MISSING && state !== ABSENT;
  return tally(some).map(([state, number]) => (isPatch(state) ? `${number} ${state.name}` : state.name)).join(", ");
}

/* The URL's fragment: `nova/2026.2/0001-x.patch?q=words&state=conflict&hand`. */
function toFragment({ cell, patch, text, states, hand }) {
  const path = cell ? cell.key + (patch ? `/${encodeURIComponent(patch.name)}` : "") : "";
  const filter = [
    text && `q=${encodeURIComponent(text)}`,
    states.size && `state=${[...states].join(",")}`,
    hand && "hand",
  ].filter(Boolean);
  return path + (filter.length ? `?${filter.join("&")}` : "");
}

/* Read a fragment; what it names and is not there is said in `unknown`. */
function fromFragment(fragment) {
  const [path, filter = ""] = fragment.split(/\?(.*)/s);
  const [component = "", release = "", name = ""] = path.split("/");
  const options = new URLSearchParams(filter);
  const known = new Set(STATES.map((state) => state.id));
  const cell = cells.get(`${component}/${release}`) ?? null;
  const patch = cell?.patches.find((one) => encodeURIComponent(one.name) === name) ?? null;
  return {
    cell,
    patch,
    text: options.get("q") ?? "",
    states: new Set((options.get("state") ?? "").split(",").filter((id) => known.has(id))),
    hand: options.has("hand"),
    unknown: (path && !cell) || (name && !patch) ? path : "",
  };
}
