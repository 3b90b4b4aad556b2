"use strict";
/* Apply the theme chosen on another page before anything is drawn. */
try {
  const theme = window.localStorage.getItem("awb-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // a private window, or a page opened as a file
}
