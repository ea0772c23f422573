// Receipt of an invoice: while the amount is all that is due less the deducted tax and the charge,
// it follows these. The server computes its own amounts.

import { deducted, minorOf, places, plain } from "./amounts.js";

const form = document.querySelector("form[data-due]");
const amount = form?.elements.amount;

if (form) {
  const digits = places(form.dataset.currency);
  const due = BigInt(form.dataset.due);
  let before = deducted(form, digits) ?? 0n;
  form.addEventListener("input", () => {
    const typed = deducted(form, digits);
    if (typed === null || typed >= due) return;
    if (minorOf(amount.value, digits) === due - before) amount.value = plain(due - typed, digits);
    before = typed;
  });
}
