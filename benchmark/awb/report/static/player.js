"use strict";
/* The player of one instance. */

awb.player = (section, board, metric, tell) => {
  const part = (role) => awb.part(section, role);
  const [figure, seek, play, source, amount] = ["figure", "seek", "play", "source", "amount"].map(part);
  const audio = new Audio();
  audio.preload = "auto";
  const state = { explainers: [], background: "wave", layout: "over", metric: metric.name, kept: null };
  let instance = null;
  let sounds = null;
  let drawn = null;
  let position = 0;
  let wanted = 0;

  const moveTo = (seconds) => {
    position = Math.max(0, Math.min(drawn.end, seconds));
    seek.value = position;
    const text = `${position.toFixed(1)} of ${drawn.end.toFixed(1)} s`;
    seek.setAttribute("aria-valuetext", text);
    part("time").textContent = text;
    const at = drawn.x(position);
    drawn.cursor.setAttribute("x1", at);
    drawn.cursor.setAttribute("x2", at);
  };

  const redraw = awb.onWidth(figure, (width) => {
    if (!instance) return;
    drawn = awb.instanceFigure(figure, instance, state, width);
    moveTo(position);
  });

  const seekTo = (seconds) => {
    moveTo(seconds);
    if (audio.src) audio.currentTime = position;
  };

  const show = (playing) => {
    part("play-sign").textContent = playing ? "❚❚" : "▶";
    part("play-word").textContent = playing ? "Pause" : "Play";
  };

  const follow = () => {
    if (audio.paused) return;
    moveTo(audio.currentTime);
    window.requestAnimationFrame(follow);
  };

  const load = async () => {
    const turn = (wanted += 1);
    const address = await sounds.address(source.value, amount.value);
    if (turn !== wanted) return;
    if (audio.dataset.address !== address) {
      const playing = !audio.paused;
      audio.src = address;
      audio.dataset.address = address;
      audio.currentTime = position;
      if (playing) await audio.play();
    }
  };

  const toggle = async () => {
    if (!audio.paused) {
      audio.pause();
      return;
    }
    await load();
    if (position >= drawn.end - 0.05) seekTo(0);
    await audio.play();
  };

  const stop = () => {
    wanted += 1;
    audio.pause();
    audio.removeAttribute("src");
    delete audio.dataset.address;
    show(false);
  };

  const listSources = () => {
    const before = source.value;
    const able = instance.sound && !instance.onlyWhole ? state.explainers.filter((name) =>
      instance.explanations.some((each) => each.explainer === name && each.kept)) : [];
    source.replaceChildren(awb.make("option", { value: "" }, "the whole clip"),
      ...able.map((name) => awb.make("option", { value: name }, `what ${name} keeps`)));
    source.value = able.includes(before) ? before : "";
  };

  const showKept = () => {
    const found = instance.explanations.find((each) => each.explainer === source.value);
    amount.disabled = !found;
    state.kept = found ? found.kept[amount.value] : null;
    redraw();
  };

  const choose = (name, chosen) => {
    state.explainers = chosen ? [...state.explainers, name] : state.explainers.filter((each) => each !== name);
    refresh();
    part("legend").querySelector(`input[data-explainer="${CSS.escape(name)}"]`)?.focus();
    tell(state.explainers);
  };

  const refresh = () => {
    const before = source.value;
    listSources();
    part("legend-title").textContent = `Explainers, with their ${metric.name} on this instance`;
    awb.legend(part("legend"), instance, state, choose);
    showKept();
    if (before !== source.value && audio.src) load();
  };

  const open = (next, explainers) => {
    stop();
    if (sounds) sounds.forget();
    instance = next;
    sounds = awb.sounds(instance);
    position = 0;
    state.explainers = explainers.filter((name) => instance.explanations.some((each) => each.explainer === name));
    const end = instance.edges[instance.edges.length - 1];
    part("title").textContent = instance.target;
    const seconds = instance.intervals.reduce((sum, [start, stopped]) => sum + stopped - start, 0);
    part("about").textContent = [
      `clip ${instance.clip}`,
      instance.intervals.length ? `sounds for ${seconds.toFixed(1)} of ${end.toFixed(1)} s` : `${end.toFixed(1)} s`,
      `model's log-odds ${awb.format(instance.score, 1)}`,
      instance.level === null ? null : `mean ${metric.name} ${awb.format(instance.level, 2)}`,
    ].filter(Boolean).join(" · ");
    part("shaded").hidden = !instance.intervals.length;
    seek.max = end;
    const silent = part("silent");
    silent.hidden = !instance.silent && !instance.onlyWhole;
    silent.textContent = instance.silent ? `No sound: ${instance.silent}.`
      : instance.onlyWhole ? `Only the whole clip can be played: ${instance.onlyWhole}.` : "";
    for (const control of [play, source]) control.disabled = !instance.sound;
    const counts = instance.keptCounts;
    amount.options[0].hidden = !counts || counts.annotated === 0;
    if (amount.options[0].hidden) amount.value = "fifth";
    refresh();
    redraw();
  };

  play.addEventListener("click", () => toggle().catch((error) => {
    part("silent").hidden = false;
    part("silent").textContent = `This browser cannot play the sound (${error.message}).`;
  }));
  audio.addEventListener("play", () => { show(true); follow(); });
  audio.addEventListener("pause", () => show(false));
  audio.addEventListener("ended", () => { show(false); if (drawn) moveTo(drawn.end); });
  seek.addEventListener("input", () => seekTo(Number(seek.value)));
  source.addEventListener("change", () => { showKept(); load(); });
  amount.addEventListener("change", () => { showKept(); load(); });
  for (const input of section.querySelectorAll('[data-role="background"], [data-role="layout"]')) {
    input.addEventListener("change", () => { state[input.dataset.role] = input.value; redraw(); });
  }
  const point = (event) => {
    const box = figure.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * drawn.width;
    seekTo(((at - drawn.left) / (drawn.right - drawn.left)) * drawn.end);
  };
  figure.addEventListener("pointerdown", (event) => { if (event.button === 0) point(event); });
  figure.addEventListener("pointermove", (event) => { if (event.buttons === 1) point(event); });
  return { open, audio, position: () => position };
};
