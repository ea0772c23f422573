// Allocation form: ticking a document fills in its open amount, up to the rest of the payment; the
// total is updated. The server computes its own totals and refuses too high amounts.

import { DEDUCTED, deducted, minorOf, places, plain, shown } from "./amounts.js";

const form = document.querySelector("form[data-settles]");
const amount = form?.elements.amount;

function currency() {
  return form.dataset.currency ?? form.elements.currency.value;
}

// Return the field, tick box and open amount of each document, in the order of due dates.
function documents() {
  return [...form.querySelectorAll("tr[data-open]")].map((row) => ({
    field: row.querySelector('input[name="part"]'),
    tick: row.querySelector("[data-settle]"),
    open: BigInt(row.dataset.open),
  }));
}

function taken(digits) {
  return [...form.querySelectorAll('input[name="part"]')].reduce(
    (sum, field) => sum + (minorOf(field.value, digits) ?? 0n),
    0n,
  );
}

// What settles documents beside the money.
function beside(digits) {
  return deducted(form, digits) ?? 0n;
}

// Amount available to allocate; null if none was entered, and then the ticked documents set it.
function whole(digits) {
  if (form.dataset.whole) return BigInt(form.dataset.whole);
  return amount.value.trim() && !("follows" in form.dataset)
    ? (minorOf(amount.value, digits) ?? 0n) + beside(digits)
    : null;
}

// Fill in the open amount of a document, up to the rest of the payment.
function settle({ field, open }, digits) {
  field.value = "";
  const given = whole(digits);
  const left = given === null ? open : given - taken(digits);
  const takes = left < open ? left : open;
  field.value = takes > 0n ? plain(takes, digits) : "";
}

function follow(digits) {
  if (!amount || (amount.value.trim() && !("follows" in form.dataset))) return;
  const sum = taken(digits) - beside(digits);
  amount.value = sum > 0n ? plain(sum, digits) : "";
  form.dataset.follows = "";
}

function show(digits) {
  for (const { field, tick, open } of documents()) {
    const takes = minorOf(field.value, digits) ?? 0n;
    tick.checked = takes > 0n;
    tick.indeterminate = takes > 0n && takes < open;
  }
  const sum = taken(digits);
  const left = (whole(digits) ?? sum) - sum;
  const cell = (name) => form.querySelector(`[data-${name}]`);
  if (!cell("taken")) return;
  cell("taken").textContent = shown(sum, digits, currency());
  cell("left").textContent = shown(left < 0n ? 0n : left, digits, currency());
  cell("over").textContent = shown(left < 0n ? -left : 0n, digits, currency());
  cell("left-row").hidden = left < 0n;
  cell("over-row").hidden = left >= 0n;
}

function act(change) {
  const digits = places(currency());
  change(digits);
  follow(digits);
  show(digits);
}

form?.addEventListener("click", (event) => {
  if (event.target.closest("[data-oldest-first]")) {
    event.preventDefault();
    act((digits) => {
      for (const { field } of documents()) field.value = "";
      for (const one of documents()) settle(one, digits);
    });
  } else if (event.target.closest("[data-settle-nothing]")) {
    act(() => documents().forEach(({ field }) => (field.value = "")));
  }
});
form?.addEventListener("change", (event) => {
  if (!event.target.matches("[data-settle]")) return;
  act((digits) => {
    const one = documents().find(({ tick }) => tick === event.target);
    if (event.target.checked) settle(one, digits);
    else one.field.value = "";
  });
});
form?.addEventListener("input", (event) => {
  if (event.target === amount) delete form.dataset.follows;
  if (event.target.name === "part") act(() => {});
  else if (event.target.matches(DEDUCTED)) act(() => {});
  else if (event.target === amount) show(places(currency()));
});
if (form) {
  document.body.addEventListener("htmx:afterSettle", () => show(places(currency())));
  show(places(currency()));
}
