// How elements are made. Text of the matrix becomes text nodes only, never markup.

const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function make(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function icon(id) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${id}`);
  picture.append(use);
  return picture;
}

const badge = (state) => make("span", { class: `badge s-${state.id}` }, icon(state.id), state.name);

/* A sentence with `commands` in it. */
function prose(text) {
  return text.split("`").map((part, at) => (at % 2 ? make("code", {}, part) : part));
}

/* What a screen would not show: a carriage return, a byte that is no UTF-8, signs that turn the direction of text. */
const CONTROL = "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f";
const TURNING = "\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff";
const UNSEEN = new RegExp(`[${CONTROL}${TURNING}\\udc80-\\udcff]`, "g");

function visible(text) {
  if (text.search(UNSEEN) < 0) return [text];
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(UNSEEN)) {
    // A low surrogate behind a high one is half of a character.
    if (/[\ud800-\udbff]$/.test(text.slice(0, match.index))) continue;
    parts.push(text.slice(from, match.index), make("span", { class: "unprintable" }, spelled(match[0])));
    from = match.index + match[0].length;
  }
  return [...parts, text.slice(from)];
}

function spelled(sign) {
  const code = sign.charCodeAt(0);
  if (sign === "\r") return "\\r";
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
}

/* Fill a parent piece by piece, as the reader comes to it; all of it before printing.
   What it gives draws everything up to an index. */
const waiting = new Set();
addEventListener("beforeprint", () => waiting.forEach((list) => list.until(Infinity)));

function fill(parent, things, draw, piece = 100) {
  const end = make("div", { class: "end" });
  let drawn = 0;
  const list = {
    until(index) {
      const next = Math.min(things.length, Math.max(index + 1, drawn));
      end.before(...things.slice(drawn, next).map(draw));
      drawn = next;
      if (drawn === things.length) {
        end.remove();
        watcher.disconnect();
        waiting.delete(list);
      }
    },
  };
  const watcher = new IntersectionObserver((seen) => {
    if (!end.isConnected) waiting.delete(list);
    else if (seen.some((entry) => entry.isIntersecting)) {
      list.until(drawn + piece - 1);
      // Watched anew: what is still in sight after the next piece says so again.
      watcher.unobserve(end);
      if (waiting.has(list)) watcher.observe(end);
    }
  });
  parent.append(end);
  waiting.add(list);
  watcher.observe(end);
  list.until(piece - 1);
  return list;
}
