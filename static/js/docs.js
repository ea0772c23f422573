// The API's reading page: find as you type, mark where you are, colour the examples.

const find = document.querySelector(".v-docs-find input");
const nav = document.getElementById("docs-nav");
const none = document.getElementById("docs-none");
const findable = [...document.querySelectorAll("[data-find]")];

function filter() {
  const wanted = find.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  for (const one of findable) one.hidden = !wanted.every((word) => one.dataset.find.includes(word));
  for (const section of document.querySelectorAll("[data-section]")) {
    section.hidden = !section.querySelector("[data-find]:not([hidden])");
    if (wanted.length && section.matches("details")) section.open = true;
  }
  document.getElementById("begin").hidden = wanted.length > 0;
  none.hidden = findable.some((one) => !one.hidden);
}

find?.addEventListener("input", filter);
find?.addEventListener("keydown", (event) => {
  if (event.key === "Enter") nav.querySelector("li:not([hidden]) a")?.click();
});

const links = new Map([...nav.querySelectorAll('a[href^="#"]')].map((link) => [link.hash.slice(1), link]));
let marked = null;

function mark(id) {
  const link = links.get(id);
  if (!link || link === marked) return;
  marked?.removeAttribute("aria-current");
  marked = link;
  link.setAttribute("aria-current", "true");
  const box = nav.getBoundingClientRect();
  const at = link.getBoundingClientRect();
  if (at.top < box.top + 48 || at.bottom > box.bottom) nav.scrollTop += at.top - box.top - box.height / 3;
}

const inView = new Set();
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) entry.isIntersecting ? inView.add(entry.target) : inView.delete(entry.target);
  const top = [...inView].sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)[0];
  if (top) mark(top.id);
}, { rootMargin: "-10% 0px -70% 0px" });
for (const id of links.keys()) {
  const part = document.getElementById(id);
  if (part) watcher.observe(part);
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?)/g;

for (const pre of document.querySelectorAll("pre[data-json]")) {
  const text = pre.textContent;
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(TOKEN)) {
    parts.push(text.slice(done, found.index));
    const span = document.createElement("span");
    span.className = found[2] ? "v-j-key" : found[1] ? "v-j-text" : "v-j-word";
    span.textContent = found[1] ?? found[0];
    parts.push(span, found[2] ?? "");
    done = found.index + found[0].length;
  }
  pre.replaceChildren(...parts, text.slice(done));
}
