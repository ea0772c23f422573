// The command palette (Ctrl+K) finds enquiries, pages and actions. Pages come from the menu;
// enquiries
// and actions come from their own pages, so the server has only one search.

const WAIT_MS = 160;
const ENQUIRIES_MAX = 6;
const palette = document.getElementById("palette");
const input = palette?.querySelector("input");
const list = palette?.querySelector('[role="listbox"]');
let asking = null;
let waiting = null;
let found = [];
let actions = null; // actions that the user may do, fetched when the palette is first opened
let opener = null;

function menu() {
  return [...document.querySelectorAll("#pages a[href]")].map((link) => ({
    glyph: link.dataset.icon,
    text: link.querySelector("span").textContent,
    href: link.href,
    keys: link.dataset.go ? ["G", link.dataset.go.toUpperCase()] : [],
  }));
}

function acts(typed) {
  const labels = list.dataset;
  const query = encodeURIComponent(typed);
  return [
    {
      glyph: "plus-lg",
      text: typed ? labels.newFor.replace("…", typed) : labels.newPlain,
      href: typed ? `${palette.dataset.new}?customer_name=${query}` : palette.dataset.new,
      keys: typed ? [] : ["N"],
    },
    {
      glyph: "stars",
      text: typed ? labels.askAbout.replace("…", typed) : labels.askPlain,
      href: typed ? `${palette.dataset.ask}?about=${query}` : palette.dataset.ask,
    },
  ];
}

function enquiriesIn(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const rows = [...holder.content.querySelectorAll("tr, [data-rows] > *")].filter(
    (row) => !row.closest("thead") && row.querySelector("a[href]"),
  );
  return rows.slice(0, ENQUIRIES_MAX).map((row) => ({
    glyph: "inbox",
    text: row.querySelector("a[href]").textContent.trim(),
    href: row.querySelector("a[href]").getAttribute("href"),
    status: row.querySelector(".v-st"),
    end: row.querySelector(".v-date"),
  }));
}

async function ask(typed) {
  asking?.abort();
  asking = new AbortController();
  try {
    const answer = await fetch(`${palette.dataset.search}?q=${encodeURIComponent(typed)}`, {
      headers: { "HX-Request": "true", "HX-Target": "palette" },
      signal: asking.signal,
    });
    if (!answer.ok) return;
    found = enquiriesIn(await answer.text());
    draw();
  } catch (error) {
    if (error.name !== "AbortError") found = [];
  }
}

async function learn() {
  if (actions || !palette.dataset.actions) return;
  actions = [];
  try {
    const answer = await fetch(palette.dataset.actions, {
      headers: { "HX-Request": "true", "HX-Target": "palette" },
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    actions = [...holder.content.querySelectorAll("a[href]")].map((link) => ({
      glyph: link.dataset.icon,
      text: link.querySelector("span").textContent,
      href: link.getAttribute("href"),
    }));
    draw();
  } catch {
    actions = null; // fetched again when the palette is next opened
  }
}

function marked(text, typed) {
  const at = typed ? text.toLowerCase().indexOf(typed.toLowerCase()) : -1;
  const span = document.createElement("span");
  if (at < 0) {
    span.textContent = text;
  } else {
    const mark = document.createElement("mark");
    mark.textContent = text.slice(at, at + typed.length);
    span.append(text.slice(0, at), mark, text.slice(at + typed.length));
  }
  return span;
}

function option(entry, typed, number) {
  const link = document.createElement("a");
  link.className = "v-opt";
  link.id = `palette-${number}`;
  link.href = entry.href;
  link.tabIndex = -1;
  link.setAttribute("role", "option");
  link.setAttribute("aria-selected", "false");
  const glyph = document.createElement("i");
  glyph.className = `bi bi-${entry.glyph}`;
  glyph.setAttribute("aria-hidden", "true");
  link.append(glyph, marked(entry.text, typed));
  if (entry.status) link.append(entry.status.cloneNode(true));
  const end = document.createElement("span");
  end.className = "v-end";
  if (entry.end) end.append(...entry.end.cloneNode(true).childNodes);
  for (const key of entry.keys ?? []) {
    const cap = document.createElement("kbd");
    cap.textContent = key;
    cap.setAttribute("aria-hidden", "true");
    end.append(cap, " ");
  }
  if (end.hasChildNodes()) link.append(end);
  return link;
}

function draw() {
  const typed = input.value.trim();
  const pages = menu().filter((page) => page.text.toLowerCase().includes(typed.toLowerCase()));
  const known = typed
    ? (actions ?? []).filter((one) => one.text.toLowerCase().includes(typed.toLowerCase()))
    : [];
  const exact = known.filter((one) => one.text.toLowerCase() === typed.toLowerCase());
  const all = {
    glyph: "arrow-right",
    text: list.dataset.all.replace("…", typed),
    href: `${palette.dataset.search}?q=${encodeURIComponent(typed)}`,
  };
  const groups = [
    [list.dataset.acts, exact],
    [list.dataset.enquiries, typed && found.length ? [...found, all] : []],
    [list.dataset.pages, pages],
    [list.dataset.acts, [...acts(typed), ...known.filter((one) => !exact.includes(one))]],
  ];
  let number = 0;
  list.replaceChildren(
    ...groups
      .filter(([, entries]) => entries.length)
      .map(([title, entries]) => {
        const group = document.createElement("div");
        group.setAttribute("role", "group");
        group.setAttribute("aria-label", title);
        const head = document.createElement("div");
        head.className = "v-label";
        head.setAttribute("aria-hidden", "true");
        head.textContent = title;
        group.append(head, ...entries.map((entry) => option(entry, typed, number++)));
        return group;
      }),
  );
  select(0);
}

function options() {
  return [...list.querySelectorAll('[role="option"]')];
}

function select(index) {
  const all = options();
  const wanted = all[(index + all.length) % all.length];
  for (const one of all) one.setAttribute("aria-selected", String(one === wanted));
  input.setAttribute("aria-activedescendant", wanted?.id ?? "");
  if (index) wanted?.scrollIntoView({ block: "nearest" });
}

function open() {
  if (!palette || palette.open) return;
  opener = document.activeElement;
  input.value = "";
  found = [];
  draw();
  palette.showModal();
  input.focus();
  learn();
}

document.addEventListener("keydown", (event) => {
  if (
    !palette ||
    event.key.toLowerCase() !== "k" ||
    !(event.ctrlKey || event.metaKey) ||
    event.altKey ||
    event.shiftKey
  )
    return;
  event.preventDefault();
  if (palette.open) palette.close();
  else if (!document.querySelector("dialog[open]")) open();
});

document.addEventListener("click", (event) => {
  if (!palette || event.ctrlKey || event.metaKey || !event.target.closest("[data-palette-open]"))
    return;
  event.preventDefault();
  open();
});

palette?.addEventListener("close", () => opener?.focus?.());

input?.addEventListener("input", () => {
  clearTimeout(waiting);
  const typed = input.value.trim();
  if (typed.length < 2) found = [];
  else waiting = setTimeout(() => ask(typed), WAIT_MS);
  draw();
});

input?.addEventListener("keydown", (event) => {
  const all = options();
  const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown") select(at + 1);
  else if (event.key === "ArrowUp") select(at - 1);
  else if (event.key === "Enter" && !event.isComposing) all[at]?.click();
  else return;
  event.preventDefault();
  event.stopPropagation();
});

list?.addEventListener("pointermove", (event) => {
  const over = event.target.closest('[role="option"]');
  if (over && over.getAttribute("aria-selected") !== "true") select(options().indexOf(over));
});
