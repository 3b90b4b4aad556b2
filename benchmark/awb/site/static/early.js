"use strict";
/* Before anything is drawn: light or dark as it was chosen on another page. */
try {
  const theme = window.localStorage.getItem("awb-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // a private window, or a page opened as a file
}
