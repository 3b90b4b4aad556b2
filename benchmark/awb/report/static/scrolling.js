"use strict";
/* Say that a table goes on to the right, as long as it does. */

awb.scrolling = (box) => {
  const hint = awb.make("p", { class: "more", "aria-hidden": "true" }, "more columns →");
  box.before(hint);
  const look = () => {
    const rest = box.scrollWidth - box.clientWidth - box.scrollLeft;
    hint.classList.toggle("there", box.clientWidth > 0 && rest > 4);
    hint.hidden = box.scrollWidth - box.clientWidth <= 4;
  };
  box.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(() => window.requestAnimationFrame(look)).observe(box);
  look();
};

for (const box of document.querySelectorAll(".scroll")) awb.scrolling(box);
