// Amounts as they are typed and shown, in whole minor units; what the server reads and adds up it reads by itself.

const language = document.documentElement.lang || "en";

export function places(currency) {
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

const GROUPED = /^(?:\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3})(?:\.\d*)?$/;

// Whole minor units, or null for what is no amount of the currency; commas that group nothing make it none.
export function minorOf(text, digits) {
  const figures = text.replace(/\s/g, "").replace(/[\u0966-\u096f]/g, (figure) => String(figure.charCodeAt(0) - 0x966));
  const found = /^(\d{1,15})(?:\.(\d+))?$/.exec((GROUPED.test(figures) ? figures.replaceAll(",", "") : figures) || "0");
  const rest = (found?.[2] ?? "").replace(/0+$/, "");
  return found && rest.length <= digits ? BigInt(found[1] + rest.padEnd(digits, "0")) : null;
}

// The same as a field holds it, without grouping.
export function plain(minor, digits) {
  const text = minor.toString().padStart(digits + 1, "0");
  return digits ? `${text.slice(0, -digits)}.${text.slice(-digits)}` : text;
}

// The same as a page shows it, grouped as the currency is counted.
export function shown(minor, digits, currency) {
  const [whole, rest] = plain(minor, digits).split(".");
  const grouped = BigInt(whole).toLocaleString(language.startsWith("hi") || currency === "INR" ? "en-IN" : "en");
  return rest ? `${grouped}.${rest}` : grouped;
}
