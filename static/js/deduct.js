// Receipt of an invoice: while the amount is all that is due less the deducted tax, it follows the
// tax. The server computes its own amounts.

import { minorOf, places, plain } from "./amounts.js";

const form = document.querySelector("form[data-due]");
const amount = form?.elements.amount;
const deducted = form?.elements.tds_amount;

if (form) {
  const digits = places(form.dataset.currency);
  const due = BigInt(form.dataset.due);
  let tax = minorOf(deducted.value, digits) ?? 0n;
  deducted.addEventListener("input", () => {
    const typed = minorOf(deducted.value, digits);
    if (typed === null || typed >= due) return;
    if (minorOf(amount.value, digits) === due - tax) amount.value = plain(due - typed, digits);
    tax = typed;
  });
}
