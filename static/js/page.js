// Behaviour of every page: theme, menus that close, printing, copying, countdowns.

const COOKIE = "voyagent_theme";
const words = document.getElementById("words")?.dataset ?? {};

// Theme: with the cookie the server renders the right theme; local storage survives a cleared
// cookie.

function remembered() {
  try {
    return localStorage.getItem(COOKIE);
  } catch {
    return null;
  }
}

function paint(theme) {
  document.documentElement.dataset.bsTheme = theme;
  for (const button of document.querySelectorAll("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === theme));
  }
}

function choose(theme) {
  document.cookie = `${COOKIE}=${theme}; path=/; max-age=31536000; samesite=lax`;
  try {
    localStorage.setItem(COOKIE, theme);
  } catch {
    /* storage may be forbidden; the cookie is enough */
  }
  paint(theme);
}

const kept = remembered();
if (
  kept &&
  kept !== document.documentElement.dataset.bsTheme &&
  ["light", "dark", "auto"].includes(kept)
)
  choose(kept);

// Menus made of <details>: one open at a time, closed by Escape and by a click elsewhere.

const MENUS = "details.v-account[open], details.v-drop[open]";

function closeMenus(except) {
  for (const menu of document.querySelectorAll(MENUS)) {
    if (menu !== except && !menu.contains(except)) menu.open = false;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const menu = document.activeElement?.closest?.(MENUS) ?? document.querySelector(MENUS);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  const set = event.target.closest("[data-theme-set]");
  if (set) choose(set.dataset.themeSet);
  if (event.target.closest("[data-print]")) window.print();
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
});

// Delete unsent messages of this tab at sign-out.
document.addEventListener(
  "submit",
  (event) => {
    if (!event.target.matches("[data-sign-out]")) return;
    try {
      for (const name of Object.keys(sessionStorage))
        if (name.startsWith("voyagent_draft ")) sessionStorage.removeItem(name);
    } catch {
      /* storage may be forbidden; then no draft was stored */
    }
  },
  true,
);

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source?.value ?? source?.textContent ?? "");
    document.dispatchEvent(
      new CustomEvent("toast", { detail: { kind: "done", text: words.copied } }),
    );
  } catch {
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  }
}

// Countdowns: <time data-until="…" data-over="expired" data-words="{} left">8:41 left</time>

const HOT_SECONDS = 600;

function tick() {
  for (const clock of document.querySelectorAll("time[data-until]")) {
    const left = Math.floor((Date.parse(clock.dataset.until) - Date.now()) / 1000);
    if (left <= 0) {
      clock.textContent = clock.dataset.over;
      clock.classList.remove("v-clock-hot");
      clock.removeAttribute("data-until");
      clock.dispatchEvent(new CustomEvent("over", { bubbles: true }));
      continue;
    }
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(left / 3600);
    const minutes = Math.floor(left / 60) % 60;
    const time = hours
      ? `${hours}:${two(minutes)}:${two(left % 60)}`
      : `${minutes}:${two(left % 60)}`;
    clock.textContent = (clock.dataset.words || "{}").replace("{}", time);
    clock.classList.toggle("v-clock-hot", left < HOT_SECONDS);
  }
}

setInterval(tick, 1000);
