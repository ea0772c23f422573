// Keyboard shortcuts. Buttons declare theirs in aria-keyshortcuts, menu entries in data-go. None
// works while the user types or a dialog is open. The dialog of shortcuts can switch off those of a
// single letter.

const OFF = "voyagent_single_keys_off";
const PREFIX_MS = 1200;
const FOLLOW_MS = 140;
const dialog = document.getElementById("keys");
let prefixUntil = 0;
let following = null;

if (/Mac|iPhone|iPad/.test(navigator.platform)) {
  for (const cap of document.querySelectorAll("kbd"))
    cap.textContent = cap.textContent.replace(/^Ctrl ?/, "⌘ ").trim();
}

function singleKeysOff() {
  try {
    return localStorage.getItem(OFF) === "yes";
  } catch {
    return false;
  }
}

function isTyping(target) {
  if (target.isContentEditable) return true;
  if (target.matches?.("textarea, select")) return true;
  return Boolean(
    target.matches?.(
      "input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=range])",
    ),
  );
}

// In an untouched field, Ctrl+Z triggers Undo of the toast.
const typedIn = new WeakSet();
document.addEventListener("input", (event) => typedIn.add(event.target), true);

function isUndo(event) {
  return (
    (event.ctrlKey || event.metaKey) &&
    !event.shiftKey &&
    event.key.toLowerCase() === "z" &&
    !event.target.value &&
    !typedIn.has(event.target)
  );
}

function isCovered() {
  return Boolean(document.querySelector("dialog[open], [popover]:popover-open"));
}

function answering(shortcut) {
  const all = [...document.querySelectorAll(`[aria-keyshortcuts~="${CSS.escape(shortcut)}" i]`)];
  return all
    .filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }))
    .at(-1);
}

// Rows: the children of [data-rows], else the rows of the page's main tables and its inbox.

function rows() {
  const marked = document.querySelector("[data-rows]");
  const all = marked
    ? marked.children
    : document.querySelectorAll("#main table.v-table tbody tr, .v-inbox > li");
  return [...all].filter((row) => linkOf(row) && row.checkVisibility());
}

function linkOf(row) {
  return row.matches("a[href]") ? row : row.querySelector("a[href]");
}

function currentRow(all) {
  const focused = all.findIndex((row) => row.contains(document.activeElement));
  return focused >= 0
    ? focused
    : all.findIndex(
        (row) => row.matches('[aria-selected="true"]') || row.querySelector("[aria-current]"),
      );
}

function move(step) {
  const all = rows();
  const next = all[Math.min(all.length - 1, Math.max(0, currentRow(all) + step))];
  if (!next) return false;
  linkOf(next).focus({ preventScroll: true, focusVisible: true });
  next.scrollIntoView({ block: "nearest" });
  clearTimeout(following);
  if (next.parentElement.dataset.rows === "follow")
    following = setTimeout(() => linkOf(next).click(), FOLLOW_MS);
  return true;
}

function openCurrent() {
  if (document.activeElement !== document.body && document.activeElement?.id !== "main")
    return false;
  const all = rows();
  const row = all[currentRow(all)];
  if (row) linkOf(row).click();
  return Boolean(row);
}

function goTo(letter) {
  const link = document.querySelector(`[data-go="${CSS.escape(letter)}"]`);
  link?.click();
  return Boolean(link);
}

function toSearch() {
  const box = [...document.querySelectorAll("[data-search]")].find(
    (one) => one.matches("input") && one.checkVisibility(),
  );
  if (box) {
    box.focus();
    box.select();
  } else {
    document.querySelector("[data-palette-open]")?.click();
  }
  return true;
}

function showKeys() {
  if (!dialog) return false;
  dialog.showModal();
  return true;
}

function press(shortcut) {
  const target = answering(shortcut);
  target?.click();
  return Boolean(target);
}

function single(key) {
  if (Date.now() < prefixUntil) {
    prefixUntil = 0;
    return goTo(key.toLowerCase());
  }
  switch (key) {
    case "g":
      prefixUntil = Date.now() + PREFIX_MS;
      return true;
    case "j":
      return move(1);
    case "k":
      return move(-1);
    case "/":
      return toSearch();
    case "?":
      return showKeys();
    default:
      return /^[a-z]$/.test(key) && press(key.toUpperCase());
  }
}

document.addEventListener("keydown", (event) => {
  if (
    event.defaultPrevented ||
    event.isComposing ||
    event.altKey ||
    (event.repeat && !"jk".includes(event.key))
  )
    return;
  if (isCovered() || (isTyping(event.target) && !isUndo(event))) return;
  let done = false;
  if (event.ctrlKey || event.metaKey) {
    const name = event.key === "Enter" ? "Enter" : event.key.toUpperCase();
    done = name !== "K" && !event.shiftKey && press(`Control+${name}`);
  } else if (event.key === "Escape") {
    done = press("Escape");
  } else if (event.key === "Enter") {
    done = openCurrent();
  } else if (event.key.length === 1 && !singleKeysOff()) {
    done = single(event.key);
  }
  if (done) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys-open]")) showKeys();
  if (event.target.matches?.("dialog.v-dialog")) event.target.close();
});

const choice = dialog?.querySelector("[data-single-keys]");
if (choice) {
  choice.checked = !singleKeysOff();
  choice.addEventListener("change", () => {
    try {
      localStorage.setItem(OFF, choice.checked ? "no" : "yes");
    } catch {
      /* for this page only */
    }
  });
}
