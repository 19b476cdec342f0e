// The panel beside the matrix: the list of what needs a hand, or the patches of one cell.

function drawPanel(shown) {
  const panel = byId("panel");
  document.body.classList.toggle("open", Boolean(view.cell || view.unknown));
  document.body.classList.toggle("reading", Boolean(view.patch));
  if (view.unknown) panel.replaceChildren(...notHere());
  else if (view.patch) panel.replaceChildren(...patchView(view.cell.items.find((item) => item.patch === view.patch)));
  else if (view.cell) panel.replaceChildren(...cellView(view.cell, shown.filter((item) => item.cell === view.cell)));
  else panel.replaceChildren(...worklist(shown));
  panel.scrollTop = 0;
}

function notHere() {
  let path = view.unknown;
  try {
    path = decodeURIComponent(path);
  } catch {
    // It is shown as it stands.
  }
  return [panelHead("Not on this page"),
    make("p", {}, "There is no ", make("code", {}, visible(path)), " in this matrix. It may be from another day.")];
}

/* The head of the panel: what is open, and the way back. */
function panelHead(title, ...way) {
  return make("div", { class: "head" },
    make("nav", { "aria-label": "Where this is" }, way),
    make("button", {
      type: "button", class: "plain", id: "close", "aria-label": "Close", title: "Close (Esc)",
      onclick: () => go({ ...view, cell: null, patch: null }, "cell"),
    }, icon("close")),
    make("h2", { tabindex: -1 }, title));
}

/* What there is to do, or what the filter leaves. */
function worklist(shown) {
  const some = isFiltering() ? shown : items.filter((item) => !item.state.good);
  const title = isFiltering() ? "Patches that match" : "Needs a hand";
  const number = make("span", { class: "number" }, String(some.length));
  const head = make("div", { class: "head" }, make("h2", { tabindex: -1 }, title, " ", number));
  if (some.length) return [head, patchList(some, true)];
  return [head, make("p", { class: "nothing" }, isFiltering() ? "No patch matches the filter." : "Nothing does.")];
}

function cellView(cell, some) {
  const ofPatches = (list) => list.filter((item) => item.patch);
  const hidden = ofPatches(cell.items).length - ofPatches(some).length;
  return [
    panelHead(`${cell.component} ${place(cell)}`),
    aboutSource(cell),
    cell.patches.length || cell.missing ? null : make("p", { class: "nothing" }, "It has no patches."),
    patchList(ofPatches(some), false),
    hidden ? make("p", { class: "nothing" }, `${counted(hidden, "patch", "patches")} hidden by the filter. `,
      make("button", { type: "button", class: "link", onclick: () => filterBy(NO_FILTER) }, "Show all")) : null,
  ].filter(Boolean);
}

/* The tree that a series was tried on. */
function aboutSource(cell) {
  const { target, commit, note, missing } = cell;
  const isNamed = !commit || target.includes(commit.slice(0, 7));
  const state = lacking(cell);
  return make("div", { class: "source" },
    target ? make("p", {}, "On ", target,
      isNamed ? null : [", commit ", make("code", { title: commit }, commit.slice(0, 12))]) : null,
    note ? make("p", { class: "note" }, icon("note"), note) : null,
    missing ? make("p", { class: `missing s-${state.id}` },
      icon(state.id), make("b", {}, `${state.name}: `), visible(missing)) : null);
}

function patchList(some, withCell) {
  const list = make("ul", { class: withCell ? "patches wide" : "patches" });
  fill(list, some, (item) => make("li", {}, patchRow(item, withCell)), 60);
  return list;
}

function patchRow(item, withCell) {
  const { cell, patch, state } = item;
  const to = { ...view, cell, patch };
  return make("a", {
    class: `patch s-${state.id}`, href: `#${toFragment(to)}`, "data-name": patch?.name ?? "", "data-cell": cell.key,
    onclick: (event) => follow(event, to),
  }, icon(state.id),
  make("span", { class: "name" }, patch ? visible(patch.name) : "the whole series"),
  make("span", { class: "where" }, withCell ? `${cell.component} ${place(cell)}` : null, make("em", {}, state.name)),
  patch?.subject ? make("span", { class: "subject" }, visible(patch.subject)) : null,
  patch?.about ? make("span", { class: "about" }, visible(patch.about)) : null,
  make("span", { class: "detail" }, patch ? visible(inShort(patch)) : cell.missing));
}

/* What a list has room for of the reason of a state. */
function inShort(patch) {
  const [first, ...rest] = patch.problems;
  const more = rest.length ? ` (and ${rest.length} more)` : "";
  const { commit, date, trust } = patch.evidence ?? {};
  const known = [commit && `as ${commit.slice(0, 12)}`, date && `of ${date}`, trust && `known by ${trust}`];
  const moved = patch.offsets.map((offset) => Math.abs(offset.lines));
  return [
    patch.fuzz ? `${counted(patch.fuzz, "line")} of context left out` : "",
    first ? `${first.path}${first.hunk ? `, hunk ${first.hunk}` : ""}: ${first.what}${more}` : "",
    known.filter(Boolean).join(" "),
    moved.length ? `${counted(moved.length, "hunk")} moved, by up to ${counted(Math.max(...moved), "line")}` : "",
  ].filter(Boolean).join("; ");
}
