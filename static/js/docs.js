// Prepare Redoc, which loads after this file. It reads its colour mode from local storage, which is
// set here to the theme of all pages.

const theme = document.documentElement.dataset.bsTheme;
try {
  if (theme === "auto") localStorage.removeItem("redoc.colorMode");
  else localStorage.setItem("redoc.colorMode", theme);
} catch {
  /* storage may be forbidden; Redoc then follows the system */
}

// Without workers the search of Redoc does not use eval, which the content security policy forbids.
window.Worker = undefined;
