// Rows of lines and instalments. Enter adds a row; so does Tab after the last field of a filled
// row.
// Totals are a preview; the server computes its own.

import { minorOf, places, shown } from "./amounts.js";

const form = document.querySelector("form[data-lines]");
const rows = form?.querySelector("[data-line-rows]");

// Return true if the total has more parts than the lines: tax, commission, TCS, rounding, or a line
// that is bought as agent. Then the server shows the total, and no preview is computed here.
function isSplit() {
  const isChosen = [...form.querySelectorAll('select[name="tax"], select[name="bought_as"]')].some(
    (select) => select.selectedIndex > 0,
  );
  const isSeveral =
    form.querySelectorAll("[data-lines-total]").length > 2 ||
    form.querySelector("[data-recognition]");
  const isCollected =
    form.elements.collection?.checked ||
    [...form.querySelectorAll('select[name="collect"]')].some((select) => select.value === "yes");
  return (
    isChosen ||
    isCollected ||
    isSeveral ||
    "rounded" in form.dataset ||
    [...form.querySelectorAll("[data-input-tax], [data-commission]")].some((input) =>
      input.value.trim(),
    )
  );
}

function showFares() {
  for (const select of form.querySelectorAll('select[name="tax"]')) {
    const fare = select.parentElement.querySelector("[data-basic-fare]");
    fare.hidden = !("onFare" in select.selectedOptions[0].dataset);
  }
}

// Clear the commission of a line that is not sold as agent, because its field is hidden.
function showCommissions() {
  for (const select of form.querySelectorAll('select[name="sold_as"]')) {
    const commission = select.parentElement.querySelector("[data-commission]");
    commission.hidden = select.value !== "agent";
    if (commission.hidden) commission.value = "";
  }
}

// Return the amount of a line in minor units, rounded half up; null if it cannot be read.
function amountOf(row, digits) {
  const typed = (name) => row.querySelector(`input[name="${name}"]`).value;
  const quantity = minorOf(typed("quantity").trim() || "1", 3);
  const [price, discount] = [typed("unit_price"), typed("discount")].map((text) =>
    minorOf(text, digits),
  );
  if (quantity === null || price === null || discount === null) return null;
  const whole = (quantity * price + 500n) / 1000n;
  return discount <= whole ? whole - discount : null;
}

function total() {
  showFares();
  showCommissions();
  const currency = form.elements.currency.value;
  const digits = places(currency);
  let sum = 0n;
  for (const row of rows.rows) {
    const amount = amountOf(row, digits);
    row.querySelector("[data-line-amount]").textContent =
      amount === null ? "?" : amount ? shown(amount, digits, currency) : "";
    sum = sum === null || amount === null ? null : sum + amount;
  }
  if (isSplit()) return;
  for (const cell of form.querySelectorAll("[data-lines-total]"))
    cell.textContent = sum ? `${currency} ${shown(sum, digits, currency)}` : "–";
}

function addTo(rows) {
  const fresh = rows.rows[rows.rows.length - 1].cloneNode(true);
  const number = rows.rows.length + 1;
  for (const input of fresh.querySelectorAll("input, select")) {
    if (input.matches("select")) input.selectedIndex = 0;
    else input.value = "";
    if (input.type === "hidden") continue;
    input.classList.remove("is-invalid");
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
    input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, number));
  }
  for (const amount of fresh.querySelectorAll("[data-line-amount]")) amount.textContent = "";
  rows.append(fresh);
  fresh.querySelector("input, select").focus();
}

// Return true if Tab leaves a filled row; from an empty row Tab leaves the table.
function isLeft(row, field) {
  const fields = [...row.querySelectorAll("input, select")].filter(
    (one) => one.offsetParent !== null,
  );
  return (
    field === fields.at(-1) &&
    fields.some((one) => (one.matches("select") ? one.selectedIndex > 0 : one.value.trim()))
  );
}

function grows(rows, button) {
  rows.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const row = event.target.closest("tr");
    if (
      event.key === "Tab" &&
      (event.shiftKey || row.nextElementSibling || !isLeft(row, event.target))
    )
      return;
    if (event.key !== "Tab" && (event.key !== "Enter" || event.target.matches("select"))) return;
    event.preventDefault();
    if (row.nextElementSibling) row.nextElementSibling.querySelector("input, select").focus();
    else addTo(rows);
  });
  button.addEventListener("click", (event) => {
    event.preventDefault();
    addTo(rows);
  });
}

if (rows) grows(rows, form.querySelector("[data-add-line]"));
for (const set of form?.querySelectorAll("[data-rows]") ?? [])
  grows(set.querySelector("[data-rows-body]"), set.querySelector("[data-add-row]"));
if (rows?.querySelector("[data-line-amount]")) {
  form.addEventListener("input", total);
  form.addEventListener("change", total);
  total();
}
