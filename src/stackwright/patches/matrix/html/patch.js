// One patch in the panel: what is in the way, what upstream has, what it changes.

function patchView(item) {
  const { cell, patch, state } = item;
  const text = textOf(patch);
  const diff = text ? parseDiff(text) : { head: "", files: [] };
  const lines = diff.files.reduce((sum, file) => sum + file.lines.length, 0);
  const bad = new Set(patch.problems.map((problem) => problem.line));
  const files = diff.files.map((file) => fileView(file, lines <= LONG, bad, state));
  const aim = (number) => files.some((file) => file.show(number));
  return [
    panelHead(visible(patch.name), link(cell, null, icon("back"), `${cell.component} ${place(cell)}`)),
    make("p", { class: "standing" }, badge(state), make("span", { class: "meaning" }, prose(state.meaning))),
    make("p", { class: "subject" }, visible(patch.subject)),
    facts(item),
    aboutSource(cell),
    problemsView(item, aim, files.length > 0),
    evidenceView(patch.evidence),
    offsetsView(patch),
    sameView(item),
    patch.message ? make("details", { class: "said" },
      make("summary", {}, "As the command says it"), make("pre", {}, visible(patch.message))) : null,
    section("What it says", diff.head.trim() && make("pre", { class: "message" }, visible(diff.head.trim()))),
    section(`What it changes: ${counted(files.length, "file")}`, files.map((file) => file.block)),
    text ? null : make("p", { class: "nothing" }, "Its text is not on this page."),
  ].filter(Boolean);
}

function section(title, ...content) {
  const inside = content.flat().filter(Boolean);
  return inside.length ? make("section", {}, make("h3", {}, title), inside) : null;
}

/* Names and values; what is empty is left out. */
function described(rows) {
  const known = rows.filter(([, value]) => value);
  return make("dl", { class: "facts" }, known.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function facts({ patch }) {
  const at = patch.line ? `, line ${patch.line} of its series` : "";
  const rows = [["File", [make("code", {}, visible(patch.file)), at]], ["About", patch.about && visible(patch.about)],
    ["Fuzz", patch.fuzz && `${counted(patch.fuzz, "line")} of context left out of sight`]];
  return described(rows);
}

function problemsView({ patch, state }, aim, hasDiff) {
  const problems = patch.problems.map((problem) => {
    const number = `line ${problem.line} of the patch`;
    const jump = make("button", { type: "button", class: "link", onclick: () => aim(problem.line) }, number);
    const there = make("span", { class: "badge s-upstream" }, icon("upstream"), "its result is there");
    return make("article", { class: "problem" },
      make("h4", {}, make("code", {}, visible(problem.path)), problem.hunk ? ` hunk ${problem.hunk}` : null,
        " ", make("span", { class: "at" }, hasDiff ? jump : number)),
      make("p", {}, visible(problem.what), problem.there ? there : null),
      problem.header ? make("code", { class: "header" }, visible(problem.header)) : null,
      problem.expected.length || problem.found.length ? besides(problem) : null);
  });
  return section(`${inTheWay(state)}: ${counted(problems.length, "place")}`, problems);
}

function evidenceView(evidence) {
  if (!evidence) return null;
  const { trust, commit, subject, author, date, difference } = evidence;
  const rows = [
    ["Known by", trust], ["Commit", commit && make("code", {}, commit)], ["Subject", subject && visible(subject)],
    ["Author", author && visible(author)], ["Date", date],
  ];
  return section("Upstream",
    described(rows),
    difference ? [make("h4", {}, "From what is carried to what was merged"), differenceView(difference)]
      : make("p", { class: "nothing" }, "What was merged is what is carried."));
}

function offsetsView(patch) {
  const rows = patch.offsets.map(({ path, hunk, lines }) => make("li", {}, make("code", {}, visible(path)),
    ` hunk ${hunk}: ${counted(Math.abs(lines), "line")} further ${lines < 0 ? "up" : "down"}`));
  return section(`Moved: ${counted(rows.length, "hunk")}`, rows.length ? make("ul", { class: "moved" }, rows) : null);
}

function sameView(item) {
  const rows = elsewhere(item).map(({ cell, patch, state }) => make("li", {},
    link(cell, patch, make("span", { class: `badge s-${state.id}` },
      icon(state.id), `${cell.component} ${place(cell)}`)),
    make("span", { class: "unseen" }, `: ${state.name}`)));
  const list = make("ul", { class: "same" });
  if (rows.length) fill(list, rows, (row) => row, 40);
  return section("The same content elsewhere", rows.length ? list : null);
}
