// Prepares Redoc, which begins after this file. Its colour mode, which it keeps in local storage, follows the theme of all pages.

const theme = document.documentElement.dataset.bsTheme;
try {
  if (theme === "auto") localStorage.removeItem("redoc.colorMode");
  else localStorage.setItem("redoc.colorMode", theme);
} catch { /* storage may be forbidden; Redoc then follows the system */ }

// Without workers its search does not try eval, which the content policy forbids.
window.Worker = undefined;
