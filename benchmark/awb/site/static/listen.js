"use strict";
/* A clip and the parts that explainers point at: played from one sound, which is loaded on demand. */

/** Load the site's sound once; scripts can be read where a page is opened as a file. */
awb.loadSound = (address) => {
  awb.clipDecoded ||= new Promise((done, failed) => {
    const script = awb.make("script", { src: address });
    script.addEventListener("load", () => done(awb.decode(awb.bytes(awb.clipSound))));
    script.addEventListener("error", () => failed(new Error("the sound is missing")));
    document.head.append(script);
  });
  return awb.clipDecoded;
};

awb.stage = (stage) => {
  const [seekLine, seek, time, heard] = ["seek-line", "seek", "time", "heard"].map((role) => awb.part(stage, role));
  const buttons = [...stage.querySelectorAll('[data-role="hear"]')];
  const edges = stage.dataset.edges.split(" ").map(Number);
  const end = Number(stage.dataset.end);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const audio = new Audio();
  const made = new Map();
  let playing = null;
  let position = 0;

  const moveTo = (seconds) => {
    position = Math.max(0, Math.min(end, seconds));
    stage.style.setProperty("--at", `${(100 * position) / end}%`);
    seek.value = position;
    time.textContent = `${position.toFixed(1)} s`;
    seek.setAttribute("aria-valuetext", `${position.toFixed(1)} of ${end.toFixed(1)} s`);
  };
  const follow = () => {
    if (audio.paused) return;
    moveTo(audio.currentTime);
    window.requestAnimationFrame(follow);
  };
  const show = (button) => {
    playing = button;
    for (const each of buttons) {
      each.firstElementChild.textContent = each === button ? "❚❚" : "▶";
      each.setAttribute("aria-pressed", String(each === button));
      each.closest(".lane").classList.toggle("heard", each === button);
    }
  };
  const address = async (button) => {
    if (!made.has(button)) {
      const sound = await awb.loadSound(stage.dataset.sound);
      const samples = button.dataset.kept ? awb.masked(sound, 0, edges, button.dataset.kept) : sound.samples;
      made.set(button, URL.createObjectURL(awb.wav(samples, sound.rate)));
    }
    return made.get(button);
  };
  const toggle = async (button) => {
    if (button === playing) {
      audio.pause();
      return;
    }
    const source = await address(button);
    audio.pause();
    if (position >= end - 0.05) moveTo(0);
    if (audio.src !== source) audio.src = source;
    audio.currentTime = position;
    await audio.play();
    show(button);
    heard.textContent = `Playing ${button.dataset.what}.`;
  };

  for (const button of buttons) {
    button.hidden = false;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => toggle(button).catch((error) => {
      heard.textContent = `This browser cannot play the sound (${error.message}).`;
    }));
  }
  seekLine.hidden = false;
  audio.addEventListener("play", () => { if (!still.matches) follow(); });
  audio.addEventListener("timeupdate", () => { if (still.matches) moveTo(audio.currentTime); });
  audio.addEventListener("pause", () => { show(null); heard.textContent = ""; });
  audio.addEventListener("ended", () => moveTo(end));
  const seekTo = (seconds) => {
    moveTo(seconds);
    if (audio.src) audio.currentTime = position;
  };
  seek.addEventListener("input", () => seekTo(Number(seek.value)));
  for (const plot of stage.querySelectorAll('[data-role="plot"]')) {
    plot.addEventListener("pointerdown", (event) => {
      const box = plot.getBoundingClientRect();
      if (event.button === 0) seekTo((end * (event.clientX - box.left)) / box.width);
    });
  }
  moveTo(0);
};

for (const stage of document.querySelectorAll('[data-role="stage"][data-sound]')) awb.stage(stage);
