// The calendar beside a date field. A date can also be typed. A picked date is written in the
// format of the field, such as 24 Nov 2026.

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_MS = 86_400_000;
const JUST_NOW_MS = 250;
const language = document.documentElement.lang || "en";
const today = dateOf(document.body.dataset.today);
let panel = null;
let field = null;
let button = null;
let cursor = today;
let leaving = false;
let closedAt = 0;

function dateOf(iso) {
  return iso ? new Date(`${iso}T00:00:00Z`) : new Date(new Date().toISOString().slice(0, 10));
}

function written(day) {
  return `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
}

function read(text) {
  const iso = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*$/.exec(text);
  if (iso) return made(iso[1], iso[2] - 1, iso[3]);
  const named = /^\s*(\d{1,2})\s+([A-Za-z]{3})[a-z]*\.?\s*(\d{4})?\s*$/.exec(text);
  if (named)
    return made(
      named[3] ?? today.getUTCFullYear(),
      MONTHS.findIndex((month) => month.toLowerCase() === named[2].toLowerCase()),
      named[1],
    );
  const figures = /^\s*(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?\s*$/.exec(text);
  return figures ? made(figures[3] ?? today.getUTCFullYear(), figures[2] - 1, figures[1]) : null;
}

function made(year, month, day) {
  const date = new Date(Date.UTC(Number(year), Number(month), Number(day)));
  return month >= 0 && date.getUTCMonth() === Number(month) ? date : null;
}

function moved(day, days) {
  return new Date(day.getTime() + days * DAY_MS);
}

function monthsOn(day, months) {
  const last = new Date(
    Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + months + 1, 0),
  ).getUTCDate();
  return new Date(
    Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + months, Math.min(day.getUTCDate(), last)),
  );
}

function same(one, other) {
  return Boolean(one && other) && one.getTime() === other.getTime();
}

function build() {
  panel = document.getElementById("calendar-of").content.firstElementChild.cloneNode(true);
  document.body.append(panel);
  const head = panel.querySelector("thead tr");
  for (let weekday = 0; weekday < 7; weekday += 1) {
    const day = new Date(Date.UTC(2024, 0, 1 + weekday));
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.abbr = day.toLocaleDateString(language, { weekday: "long", timeZone: "UTC" });
    const short = day.toLocaleDateString(language, { weekday: "short", timeZone: "UTC" });
    cell.textContent = language.startsWith("en") ? short.slice(0, 2) : short;
    head.append(cell);
  }
  panel.addEventListener("click", onClick);
  panel.addEventListener("keydown", onKey);
  panel.addEventListener("toggle", (event) => {
    button?.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState !== "closed") return;
    closedAt = Date.now();
    if (leaving) field?.focus();
    leaving = false;
  });
}

function draw({ focus = true } = {}) {
  panel.querySelector(".v-cal-head span").textContent = cursor.toLocaleDateString(language, {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
  const chosen = read(field.value);
  const first = new Date(Date.UTC(cursor.getUTCFullYear(), cursor.getUTCMonth(), 1));
  let day = moved(first, -((first.getUTCDay() + 6) % 7));
  const weeks = [];
  do {
    const week = document.createElement("tr");
    for (let weekday = 0; weekday < 7; weekday += 1) {
      week.append(cellOf(day, chosen));
      day = moved(day, 1);
    }
    weeks.push(week);
  } while (day.getUTCMonth() === cursor.getUTCMonth());
  panel.querySelector("tbody").replaceChildren(...weeks);
  if (focus) panel.querySelector('[tabindex="0"]').focus();
}

function cellOf(day, chosen) {
  const cell = document.createElement("td");
  const pick = document.createElement("button");
  pick.type = "button";
  pick.textContent = day.getUTCDate();
  pick.dataset.day = day.toISOString().slice(0, 10);
  pick.tabIndex = same(day, cursor) ? 0 : -1;
  pick.setAttribute(
    "aria-label",
    day.toLocaleDateString(language, {
      weekday: "long",
      day: "numeric",
      month: "long",
      year: "numeric",
      timeZone: "UTC",
    }),
  );
  if (same(day, chosen)) pick.setAttribute("aria-pressed", "true");
  if (same(day, today)) pick.setAttribute("aria-current", "date");
  if (day.getUTCMonth() !== cursor.getUTCMonth()) pick.className = "v-cal-other";
  cell.append(pick);
  return cell;
}

function place() {
  const at = field.getBoundingClientRect();
  const below = at.bottom + panel.offsetHeight + 8 < innerHeight;
  panel.style.left = `${Math.max(8, Math.min(at.left, innerWidth - panel.offsetWidth - 8))}px`;
  panel.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - panel.offsetHeight - 4)}px`;
}

function pick(text) {
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  panel.hidePopover();
  field.focus();
}

function onClick(event) {
  const day = event.target.closest("[data-day]");
  const step = event.target.closest("[data-step]");
  if (day) pick(written(dateOf(day.dataset.day)));
  else if (event.target.closest("[data-pick-today]")) pick(written(today));
  else if (event.target.closest("[data-pick-none]")) pick("");
  else if (step) {
    cursor = monthsOn(cursor, Number(step.dataset.step));
    draw({ focus: false });
  }
}

function onKey(event) {
  if (event.key === "Escape") {
    leaving = true;
    return;
  }
  if (!event.target.matches("[data-day]")) return;
  const weekday = (cursor.getUTCDay() + 6) % 7;
  const next = {
    ArrowLeft: () => moved(cursor, -1),
    ArrowRight: () => moved(cursor, 1),
    ArrowUp: () => moved(cursor, -7),
    ArrowDown: () => moved(cursor, 7),
    Home: () => moved(cursor, -weekday),
    End: () => moved(cursor, 6 - weekday),
    PageUp: () => monthsOn(cursor, event.shiftKey ? -12 : -1),
    PageDown: () => monthsOn(cursor, event.shiftKey ? 12 : 1),
  }[event.key];
  if (!next) return;
  event.preventDefault();
  cursor = next();
  draw();
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-calendar]");
  if (!pressed) return;
  if (!panel) build();
  // The button is outside the calendar, so pressing it has already closed an open one.
  if (button === pressed && Date.now() - closedAt < JUST_NOW_MS) return;
  button = pressed;
  field = document.getElementById(pressed.dataset.calendar);
  cursor = read(field.value) ?? today;
  panel.showPopover();
  draw({ focus: false });
  place();
  panel.querySelector('[tabindex="0"]').focus();
});

window.addEventListener("resize", () => panel?.matches(":popover-open") && place());
