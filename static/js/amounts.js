// Parse and format amounts in whole minor units. The server calculates its own totals.

const language = document.documentElement.lang || "en";

export function places(currency) {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions()
    .maximumFractionDigits;
}

const GROUPED = /^(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3})(?:\.\d*)?$/;

// Return an amount in minor units; 0 for a blank text, and null if the text is no amount of the
// currency or its commas group the digits wrongly.
export function minorOf(text, digits) {
  const figures = text
    .replace(/\s/g, "")
    .replace(/[\u0966-\u096f]/g, (figure) => String(figure.charCodeAt(0) - 0x966));
  const found = /^(\d{1,15})(?:\.(\d+))?$/.exec(
    (GROUPED.test(figures) ? figures.replaceAll(",", "") : figures) || "0",
  );
  const rest = (found?.[2] ?? "").replace(/0+$/, "");
  return found && rest.length <= digits ? BigInt(found[1] + rest.padEnd(digits, "0")) : null;
}

// The tax that the payer deducted, and the charge that the bank or gateway kept with its taxes.
export const DEDUCTED = '[name="tds_amount"], [name="fee"], [name^="tax_"]';

// Return the sum of the deducted tax and the charge of a form; null if one cannot be read.
export function deducted(form, digits) {
  return [...form.querySelectorAll(DEDUCTED)]
    .map((field) => minorOf(field.value, digits))
    .reduce((sum, minor) => (sum === null || minor === null ? null : sum + minor), 0n);
}

// Format an amount for an input, without grouping.
export function plain(minor, digits) {
  const text = minor.toString().padStart(digits + 1, "0");
  return digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
}

// Format an amount for display, with the currency's grouping.
export function shown(minor, digits, currency) {
  const [whole, rest] = plain(minor, digits).split(".");
  const grouped = BigInt(whole).toLocaleString(
    language.startsWith("hi") || currency === "INR" ? "en-IN" : "en",
  );
  return rest ? `${grouped}.${rest}` : grouped;
}
