// What is open, what is filtered, and what keys and clicks do. All of it stands in the URL's fragment.

const NO_FILTER = { text: "", states: new Set(), hand: false };
let view = fromFragment(location.hash.slice(1));

/* Show something else, and remember it in the browser's history. `focus` says where the keyboard goes on. */
function go(to, focus = "") {
  const before = view;
  view = { ...to, unknown: "" };
  const fragment = toFragment(view);
  if (fragment !== location.hash.slice(1)) history.pushState(null, "", `#${fragment}`);
  draw(before);
  focusOn(focus || (view.patch ? "heading" : view.cell ? "list" : "cell"), before);
}

/* Show the same with another filter; typing leaves no trail in the history. */
function filterBy(changes) {
  const before = view;
  view = { ...view, ...changes };
  clearTimeout(filterBy.timer);
  filterBy.timer = setTimeout(() => history.replaceState(null, "", `#${toFragment(view)}`), 150);
  draw(before);
}

function draw(before) {
  const shown = filtered(view);
  const isSameFilter = before && ["text", "states", "hand"].every((name) => before[name] === view[name]);
  if (isSameFilter) markCurrent();
  else {
    drawFilter(shown);
    drawMatrix(shown);
  }
  const isSamePlace = before && before.cell === view.cell && before.patch === view.patch;
  if (!isSamePlace || !view.patch || before.unknown !== view.unknown) drawPanel(shown);
  const current = grid.flat().find((button) => button?.hasAttribute("aria-current"));
  if (current && !isSamePlace) bringIntoView(current);
}

function focusOn(what, before) {
  const panel = byId("panel");
  const rows = [...panel.querySelectorAll("a.patch")];
  const row = rows.find((each) => each.dataset.name === before.patch?.name) ?? rows[0];
  const cell = grid.flat().find((button) => button?.dataset.cell === before.cell?.key);
  if (what === "cell" && cell) focusCell(cell);
  else if (what === "list" && row) row.focus();
  else panel.querySelector("h2").focus();
}

/* The next or the previous patch that needs a hand, in the order of the matrix; behind the last comes the first. */
function toNext(step) {
  const shown = filtered({ ...view, hand: true });
  if (!shown.length) return;
  const isOpen = (item) => item.cell === view.cell && (item.patch === view.patch || !view.patch);
  const order = items.findIndex(isOpen);
  const at = shown.map((item) => items.indexOf(item));
  // A cell that is open without a patch stands before the first of its patches.
  const isBefore = view.patch || shown.some((item) => item.cell === view.cell && !item.patch) ? 0 : 0.5;
  const here = order < 0 ? (step > 0 ? -1 : items.length) : order - isBefore;
  const next = step > 0 ? at.findIndex((number) => number > here) : at.findLastIndex((number) => number < here);
  const item = next < 0 ? shown.at(step > 0 ? 0 : -1) : shown[next];
  go({ ...view, cell: item.cell, patch: item.patch }, "heading");
}

function close() {
  if (view.patch) go({ ...view, patch: null }, "list");
  else if (view.cell || view.unknown) go({ ...view, cell: null }, "cell");
  else if (isFiltering()) filterBy(NO_FILTER);
}

/* Walk a list of patches with the arrow keys. */
function alongList(key) {
  const rows = [...byId("panel").querySelectorAll("a.patch")];
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? null : rows[at + (key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0)];
  next?.focus();
  return at >= 0;
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.metaKey || event.altKey || byId("keys").open) return;
  const inText = event.target === byId("text");
  const { key } = event;
  if (inText) {
    if (key === "Escape" && !view.text) byId("text").blur();
    else if (key === "Escape") filterBy({ text: "" });
    else if (key === "ArrowDown") walkFromFilter();
    else return;
    event.preventDefault();
    return;
  }
  const far = event.ctrlKey;
  if (far && key !== "Home" && key !== "End") return;
  const inPanel = byId("panel").contains(event.target);
  if (key in STEPS || key === "Home" || key === "End") {
    // In the panel these keys scroll, but for the list of patches.
    if (inPanel && !(key in STEPS && alongList(key))) return;
    if (!inPanel) walk(key, far);
  } else if (key === "Escape") close();
  else if (key === "n") toNext(1);
  else if (key === "p") toNext(-1);
  else if (key === "/") byId("text").select();
  else if (key === "?") byId("keys").showModal();
  else return;
  event.preventDefault();
});

function walkFromFilter() {
  const stop = grid.flat().find((button) => button?.tabIndex === 0);
  if (stop) focusCell(stop);
}

/* Light or dark: as the system has it, until a reader chooses. What cannot be stored holds for this visit. */
const THEMES = ["auto", "light", "dark"];

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  byId("theme").replaceChildren(icon(theme), { auto: "System", light: "Light", dark: "Dark" }[theme]);
  byId("theme").setAttribute("aria-label", `Colours: ${theme}. Change to ${next}`);
  byId("theme").onclick = () => {
    setTheme(next);
    try {
      localStorage.setItem("stackwright-theme", next);
    } catch {
      // The browser keeps nothing for this page.
    }
  };
}

function storedTheme() {
  try {
    const theme = localStorage.getItem("stackwright-theme");
    return THEMES.includes(theme) ? theme : "auto";
  } catch {
    return "auto";
  }
}

byId("matrix").addEventListener("click", (event) => {
  const button = event.target.closest("[data-cell]");
  if (button) go({ ...view, cell: cells.get(button.dataset.cell), patch: null });
});
byId("states").addEventListener("click", (event) => {
  const id = event.target.closest("[data-state]")?.dataset.state;
  if (!id) return;
  const states = new Set(view.states);
  if (!states.delete(id)) states.add(id);
  filterBy({ states });
});
byId("hand").addEventListener("click", () => filterBy({ hand: !view.hand }));
byId("clear").addEventListener("click", () => filterBy(NO_FILTER));
byId("text").addEventListener("input", (event) => filterBy({ text: event.target.value }));
byId("filter").addEventListener("submit", (event) => event.preventDefault());
byId("show-keys").addEventListener("click", () => byId("keys").showModal());
for (const name of ["popstate", "hashchange"]) {
  addEventListener(name, () => {
    if (location.hash.slice(1) === toFragment(view) && !view.unknown) return;
    const before = view;
    view = fromFragment(location.hash.slice(1));
    draw(before);
  });
}

setTheme(storedTheme());
drawHead();
draw(null);
document.documentElement.dataset.ready = "yes";
