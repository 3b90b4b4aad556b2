"use strict";
/* Light and dark. */

/** Store a choice for the next page, if the browser allows it. */
awb.keepTheme = (theme) => {
  try {
    window.localStorage.setItem("awb-theme", theme);
  } catch {
    // a private window, or a page opened as a file
  }
};

/** A button that switches between light and dark. */
awb.theme = (button) => {
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const kept = "remember" in root.dataset; // one page of a site: the choice applies to all of its pages
  const now = () => root.dataset.theme || (dark.matches ? "dark" : "light");
  const name = () => { button.textContent = now() === "dark" ? "Light" : "Dark"; };
  button.addEventListener("click", () => {
    root.dataset.theme = now() === "dark" ? "light" : "dark";
    if (kept) awb.keepTheme(root.dataset.theme);
    name();
  });
  dark.addEventListener("change", name);
  name();
  button.hidden = false;
};
