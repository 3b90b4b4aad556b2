"use strict";
/* A button on every block of commands that copies it. */

awb.copyText = async (text) => {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = awb.make("textarea", { class: "visually-hidden" }); // without https, the old way
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copying is not allowed");
};

awb.copyable = (block) => {
  const button = awb.make("button", { type: "button", class: "copy" }, "Copy");
  const told = awb.make("span", { class: "visually-hidden", role: "status" });
  const say = (text, aloud) => {
    button.textContent = text;
    told.textContent = aloud;
    window.setTimeout(() => { button.textContent = "Copy"; told.textContent = ""; }, 2000);
  };
  button.addEventListener("click", () => awb.copyText(block.textContent.trim())
    .then(() => say("Copied", "Copied to the clipboard."), () => say("Press Ctrl+C", "Copying is not allowed here.")));
  const holder = awb.make("div", { class: "copyable" });
  block.replaceWith(holder);
  holder.append(block, button, told);
};

for (const block of document.querySelectorAll("pre")) awb.copyable(block);
