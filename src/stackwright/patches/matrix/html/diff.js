// Diffs, hunk by hunk, and the lines a hunk expects beside those that are there.

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const LONG = 400; // lines that are drawn at once

/* Take the text of a patch file apart: what stands before the first change, and each file's lines.
   Lines of a hunk are counted as its header says: a removed line may look like the head of a file. */
function parseDiff(text) {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const head = [];
  const files = [];
  let [old, fresh, isHead] = [0, 0, false];
  lines.forEach((line, at) => {
    const number = at + 1;
    const file = files.at(-1);
    if (old > 0 || fresh > 0 || (file && line.startsWith("\\ "))) {
      const kind = { "+": "add", "-": "del", "\\": "meta" }[line[0]] ?? "same";
      old -= kind === "del" || kind === "same" ? 1 : 0;
      fresh -= kind === "add" || kind === "same" ? 1 : 0;
      file.lines.push({ kind, line, number });
      if (kind in file) file[kind] += 1;
      return;
    }
    const hunk = line.match(HUNK);
    const isPair = /^--- \S/.test(line) && /^\+\+\+ \S/.test(lines[at + 1] ?? "");
    const starts = /^(?:diff |Index: )/.test(line) || (isPair && !isHead);
    if (starts) files.push({ path: "", lines: [], add: 0, del: 0 });
    if (!files.length) {
      head.push(line);
      return;
    }
    isHead = starts || (isHead && !hunk);
    const now = files.at(-1);
    now.path = pathIn(line) || now.path;
    if (hunk) [old, fresh] = [Number(hunk[1] ?? 1), Number(hunk[2] ?? 1)];
    now.lines.push({ kind: hunk ? "hunk" : "meta", line, number });
  });
  return { head: head.join("\n"), files };
}

/* The path that a line in the head of a file's change gives; that of the new file comes last, and counts. */
function pathIn(line) {
  const forms = [/^(?:---|\+\+\+) (?:[ab]\/)?([^\t]+)/, /^diff --git .* b\/(.+)$/, /^Index: (.+)$/];
  const named = forms.map((form) => line.match(form)).find(Boolean);
  return named && named[1] !== "/dev/null" ? named[1] : "";
}

/* What the problems of a patch are: with fuzz it applies in spite of them. */
const inTheWay = (state) => (state.id === "fuzz" ? "Not as expected" : "In the way");

/* One file of a diff: drawn when it is opened. */
function fileView(file, open, marked, state) {
  const bad = file.lines.some((line) => marked.has(line.number));
  const pre = make("pre", { class: "diff", tabindex: 0, "aria-label": `Change of ${file.path}` });
  const block = make("details", { class: "file", open },
    make("summary", {}, make("span", { class: "path" }, visible(file.path)),
      bad ? [" ", make("span", { class: `s-${state.id} mark` }, icon(state.id), inTheWay(state).toLowerCase())] : null,
      " ", make("span", { class: "add" }, `+${file.add}`),
      " ", make("span", { class: "del" }, `\u2212${file.del}`)), pre);
  let list = null;
  const draw = () => (list ??= fill(pre, file.lines, (line) => lineView(line, marked.has(line.number)), LONG));
  block.addEventListener("toggle", () => block.open && draw());
  if (open) draw();
  return {
    block,
    /* Show a line of the patch file; whether it is one of this file's. */
    show(number) {
      const at = file.lines.findIndex((line) => line.number === number);
      if (at < 0) return false;
      block.open = true;
      draw().until(at);
      const line = pre.children[at];
      line.scrollIntoView({ block: "center" });
      for (const other of document.querySelectorAll(".aim")) other.classList.remove("aim");
      line.classList.add("aim");
      return true;
    },
  };
}

const lineView = ({ kind, line, number }, isMarked) =>
  make("span", { class: `line ${kind}${isMarked ? " mark" : ""}`, "data-line": number }, visible(line), "\n");

/* A diff of two patches: the first sign says which of the two has a line. */
function differenceView(text) {
  const label = "Difference between carried and merged";
  const pre = make("pre", { class: "diff difference", tabindex: 0, "aria-label": label });
  const lines = text.replace(/\n$/, "").split("\n").map((line, at) => {
    const kind = /^(?:---|\+\+\+) /.test(line) ? "meta" : { "+": "add", "-": "del", "@": "hunk" }[line[0]] ?? "same";
    return { kind, line, number: at + 1 };
  });
  fill(pre, lines, (line) => lineView(line, false), LONG);
  return pre;
}

/* Lines as Problem has them: `  !    320 text`, or `         320 text` where the other side has the line too. */
function parseLines(lines) {
  return lines.map((line) => {
    const parts = line.match(/^ {2}([! ]) +(\d+)(?: (.*))?$/s);
    if (!parts) return { number: "", text: line.trim(), differs: false, note: true };
    return { number: parts[2], text: parts[3] ?? "", differs: parts[1] === "!", note: false };
  });
}

/* Put lines that both sides have beside each other, and runs of lines that differ. */
function paired(expected, found) {
  const pairs = [];
  let [left, right] = [0, 0];
  const alike = (one, other) => one && other && !one.differs && !other.differs && one.text === other.text;
  const later = (lines, from, wanted) => lines.findIndex((line, at) => at > from && alike(line, wanted));
  while (left < expected.length || right < found.length) {
    const [one, other] = [expected[left], found[right]];
    if (alike(one, other) || (one?.differs && other?.differs)) pairs.push([expected[left++], found[right++]]);
    else if (one?.differs || !other) pairs.push([expected[left++], null]);
    else if (other.differs || !one) pairs.push([null, found[right++]]);
    // Both sides are cut where they are long, and need not be cut at the same line.
    else if (later(found, right, one) >= 0) pairs.push([null, found[right++]]);
    else pairs.push([expected[left++], null]);
  }
  return pairs;
}

/* Mark what differs between two lines: all but what they begin and end with. */
function marked(text, other) {
  if (other === undefined || text === other) return visible(text);
  const most = Math.min(text.length, other.length);
  let [start, end] = [0, 0];
  while (start < most && text[start] === other[start]) start += 1;
  while (end < most - start && text.at(-1 - end) === other.at(-1 - end)) end += 1;
  if (start + end < most / 3) return visible(text);
  const until = text.length - end;
  const middle = text.slice(start, until);
  return [visible(text.slice(0, start)), middle && make("mark", {}, visible(middle)), visible(text.slice(until))];
}

function sideView(line, other, name) {
  if (!line) return [make("td", { class: "number" }), make("td", { class: `code none ${name}` })];
  const kind = [name, line.differs && "differs", line.note && "cut"].filter(Boolean).join(" ");
  return [
    make("td", { class: `number ${kind}` },
      line.differs ? make("b", { role: "img", "aria-label": "differs" }, "!") : null, line.number),
    make("td", { class: `code ${kind}` },
      line.differs && other?.differs ? marked(line.text, other.text) : visible(line.text)),
  ];
}

function besides(problem) {
  const pairs = paired(parseLines(problem.expected), parseLines(problem.found));
  const head = (name, side) => make("th", { scope: "col", colspan: 2, class: side }, name);
  const isAlike = ([one, other]) => one && other && !one.differs && !other.differs;
  const row = (pair) => make("tr", { class: isAlike(pair) && "alike" },
    sideView(pair[0], pair[1], "expected"), sideView(pair[1], pair[0], "found"));
  const label = "Expected and found";
  return make("div", { class: "besides", tabindex: 0, role: "group", "aria-label": label }, make("table", {},
    make("colgroup", {}, ["number", "code", "number", "code"].map((name) => make("col", { class: name }))),
    make("thead", {}, make("tr", {}, head("Expected by the patch", "expected"), head("Found in the tree", "found"))),
    make("tbody", {}, pairs.map(row))));
}
