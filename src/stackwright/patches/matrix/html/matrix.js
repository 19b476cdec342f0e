// The head of the page, and the matrix.

function drawHead() {
  document.title = `Patches of ${data.distribution}`;
  byId("title").replaceChildren(make("span", {}, "Patches of "), data.distribution);
  byId("made").replaceChildren("as of ", make("time", { datetime: data.made }, moment(data.made)));
  byId("sentence").replaceChildren(...sentence());
}

function moment(text) {
  const time = new Date(text);
  if (Number.isNaN(time.valueOf())) return text;
  const form = { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "UTC" };
  return `${time.toLocaleString("en-GB", form).replace(" at ", ", ")} UTC`;
}

/* `2 of 78 patches need a hand: nova 2026.1 (1 conflict), ...`, and the same for each further ref. */
function sentence() {
  if (!data.cells.length) return ["No component has patches."];
  return groups.map((against) => {
    const all = items.filter((item) => item.cell.against === against);
    const patches = all.filter((item) => item.patch);
    const bad = patches.filter((item) => !item.state.good).length;
    const whole = counted(patches.length, "patch", "patches");
    const of = `${bad || "none"} of ${whole} ${bad > 1 ? "need" : "needs"} a hand`;
    const text = against ? `Against ${against}, ${of}` : of[0].toUpperCase() + of.slice(1);
    const concerned = [...new Set(all.filter((item) => !item.state.good).map((item) => item.cell))];
    const shown = concerned.slice(0, SHOWN);
    const links = shown.flatMap((cell, n) => [n ? ", " : "", link(cell, null, `${cell.component} ${cell.release}`),
      ` (${inWords(cell.items.filter((item) => !item.state.good))})`]);
    const rest = concerned.length - shown.length;
    const more = rest ? `, and ${rest} more` : "";
    return make("span", {}, make("strong", {}, text), concerned.length ? ": " : "", links, `${more}. `);
  });
}
const SHOWN = 4; // cells that the sentence names

function link(cell, patch, ...children) {
  const to = { ...view, cell, patch };
  return make("a", { href: `#${toFragment(to)}`, onclick: (event) => follow(event, to) }, ...children);
}

/* A plain click stays on the page; one with a modifier opens the link as the browser does. */
function follow(event, to) {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(to);
}

function drawFilter(shown) {
  const buttons = tally(items).map(([state, number]) =>
    make("button", {
      type: "button", class: `state s-${state.id}`, "aria-pressed": String(view.states.has(state.id)),
      title: state.meaning.replaceAll("`", ""), "data-state": state.id,
    }, icon(state.id), make("b", {}, String(number)), ` ${state.name}`));
  const focused = document.activeElement?.dataset?.state;
  byId("states").replaceChildren(...buttons);
  if (focused) buttons.find((button) => button.dataset.state === focused)?.focus();
  byId("hand").setAttribute("aria-pressed", String(view.hand));
  if (byId("text").value !== view.text) byId("text").value = view.text;
  const patches = shown.filter((item) => item.patch).length;
  byId("found").textContent = isFiltering() ? `${counted(patches, "patch", "patches")} shown` : "";
  byId("clear").hidden = !isFiltering();
}

const isFiltering = () => Boolean(view.text.trim() || view.states.size || view.hand);

/* The buttons of the matrix by row and column, with holes: what the arrow keys walk on. */
let grid = [];

function drawMatrix(shown) {
  const left = grouped(shown, (item) => item.cell);
  // A cell without any patch is shown as long as nothing is filtered.
  const isShown = (cell) => cell && (left.has(cell) || !isFiltering());
  const find = (component, column) => cells.get(keyOf({ component, ...column }));
  const rows = components.filter((component) => columns.some((column) => isShown(find(component, column))));
  const across = columns.filter((column) => rows.some((component) => isShown(find(component, column))));
  grid = rows.map((component) => across.map((column) => {
    const cell = find(component, column);
    return isShown(cell) ? cellButton(cell, left.get(cell) ?? []) : null;
  }));
  if (!rows.length) {
    const said = data.cells.length ? "No patch matches the filter." : "There is nothing to show.";
    byId("matrix").replaceChildren(make("p", { class: "nothing" }, said));
    return;
  }
  const first = (at) => at > 0 && across[at].against !== across[at - 1].against;
  const body = rows.map((component, row) => make("tr", {},
    make("th", { scope: "row" }, component),
    grid[row].map((button, at) => make("td", { class: first(at) && "first" },
      button ?? make("span", { class: "hole", "aria-label": "no series" }, "\u00b7")))));
  const table = make("table", { role: "grid", "aria-readonly": "true" },
    make("caption", { class: "unseen" }, "How the patches of each component stand in each release"),
    make("thead", {}, groupRow(across), make("tr", {},
      groups.length > 1 ? null : make("th", { scope: "col", class: "corner" }, "Component"),
      across.map((column, at) => make("th", { scope: "col", class: first(at) && "first" }, column.release)))),
    make("tbody", {}, body));
  byId("matrix").replaceChildren(make("div", { class: "scroll" }, table));
  markCurrent();
}

function groupRow(across) {
  if (groups.length < 2) return null;
  const sizes = groups.map((against) => across.filter((column) => column.against === against).length);
  const heads = groups.map((against, at) => sizes[at] ? make("th", {
    scope: "colgroup", colspan: sizes[at], class: at > 0 && sizes.slice(0, at).some(Boolean) ? "first" : false,
  }, against ? `against ${against}` : "own source") : null);
  return make("tr", { class: "groups" }, make("th", { scope: "col", rowspan: 2, class: "corner" }, "Component"), heads);
}

function cellButton(cell, some) {
  const state = worst(some) ?? BY_NAME.get("applies");
  const patches = some.filter((item) => item.patch);
  const bad = patches.filter((item) => !item.state.good).length;
  const label = [
    `${cell.component} ${place(cell)}: ${counted(patches.length, "patch", "patches")}`,
    inWords(patches), cell.missing && `${lacking(cell).name}: ${cell.missing}`, cell.note,
  ].filter(Boolean).join("; ");
  const count = bad ? [make("b", {}, String(bad)), `/${patches.length}`] : cell.missing ? null : String(patches.length);
  const bar = tally(patches).map(([each, number]) => {
    const part = make("i", { class: `s-${each.id}` });
    part.style.flexGrow = number;
    return part;
  });
  return make("button", {
    type: "button", tabindex: -1, class: `cell s-${state.id} ${state.good ? "good" : "bad"}`,
    "data-cell": cell.key, "aria-label": label, title: label.replaceAll("; ", "\n"),
  }, some.length ? icon(state.id) : null,
  make("span", { class: "count" }, count),
  cell.note ? make("span", { class: "note" }, icon("note")) : null,
  make("span", { class: "bar" }, bar));
}

/* Mark the open cell, and make one cell the one that Tab comes to. */
function markCurrent() {
  const buttons = grid.flat().filter(Boolean);
  const current = buttons.find((button) => button.dataset.cell === view.cell?.key);
  for (const button of buttons) {
    if (button === current) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    button.tabIndex = -1;
  }
  const stop = current ?? buttons[0];
  if (stop) stop.tabIndex = 0;
}

function focusCell(button) {
  for (const each of grid.flat()) if (each) each.tabIndex = each === button ? 0 : -1;
  button.focus({ preventScroll: true });
  bringIntoView(button);
}

/* Scroll a cell out from under the head and the first column, which stay. */
function bringIntoView(button) {
  button.closest("td").scrollIntoView({ block: "nearest", inline: "nearest" });
}

/* Go from the focused cell in a direction to the next cell that is there. */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function walk(key, far) {
  const row = grid.findIndex((buttons) => buttons.some((button) => button?.tabIndex === 0));
  if (row < 0) return;
  const column = grid[row].findIndex((button) => button?.tabIndex === 0);
  const line = far ? grid.flat() : grid[row];
  let next = grid[row][column];
  if (key === "Home") next = line.find(Boolean);
  else if (key === "End") next = line.findLast(Boolean);
  else if (byId("matrix").contains(document.activeElement)) next = nextCell(row, column, ...STEPS[key]);
  if (next) focusCell(next);
}

function nextCell(row, column, down, right) {
  do [row, column] = [row + down, column + right];
  while (grid[row]?.[column] === null);
  return grid[row]?.[column];
}
