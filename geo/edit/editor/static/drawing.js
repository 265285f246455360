// Lines that a person draws: they cut patches, draw a stretch of a border anew, or enclose an area.
// What a line would do is shown before it does it: both its hands are tinted while it is drawn.

import { Asker, post } from './api.js';
import { GRID, Refusal, patchOf } from './coverage.js';
import { holderText } from './labels.js';
import { wired } from './work.js';

/* global listed, t */

export const LINE_TOOLS = new Set(['split', 'front', 'reshape', 'area']);

/** So many points make a line of each tool. */
const LEAST = { split: 2, front: 2, reshape: 2, area: 3 };

export class Drawing {
  constructor(app) {
    Object.assign(this, { app, shown: null });
    this.asker = new Asker('cut', 250, () => this.#question(app.stage.line), (answer, body) => this.#preview(answer, body), () => this.#show(null));
  }

  isReady(line) {
    return line.length >= (LEAST[this.app.tool] ?? Infinity);
  }

  /** The line has another point: show what it would do. */
  follow() {
    this.#show(null);
    if (this.isReady(this.app.stage.line) && !this.app.stage.lineWrong) this.asker.soon();
  }

  #show(shown) {
    this.shown = shown;
    this.app.stage.told();
    this.app.draw();
  }

  /** What is asked of the server, by the tool in hand; null where the line can do nothing yet. */
  #question(line) {
    const { tool, work, state } = this.app;
    if (!this.isReady(line)) return null;
    const id = tool === 'split' || tool === 'reshape' ? this.#patchAlong(line) : null;
    if (id === null && (tool === 'split' || tool === 'reshape')) return null;
    const whole = tool === 'area' ? [...line, line[0]] : line;
    return { date: state.date, features: wired.control(work.now.control), line: whole.map((at) => at.map((v) => v / GRID)), id, reshape: tool === 'reshape' };
  }

  #preview({ features, sides, inside = [], created }, body) {
    if (!this.app.stage.line.length) return;
    const patches = features.map(patchOf);
    const named = (ids) => patches.filter((patch) => ids.includes(patch.id));
    const on = (hand) => Object.keys(sides).filter((id) => sides[id] === hand);
    if (body.reshape) this.#show({ left: named([body.id]), right: [] });
    else if (this.app.tool === 'area') this.#show({ left: named(inside), right: [] });
    else this.#show({ left: named(on('left')), right: named(on('right')), created });
  }

  /** What is tinted: what the line would do, or both hands of the front line that was cut last. */
  hands() {
    const { hands, work } = this.app;
    if (this.shown) return this.shown;
    if (!hands) return null;
    const named = (ids) => work.now.control.filter((patch) => ids.includes(patch.id));
    return { left: named(hands.left), right: named(hands.right) };
  }

  /** The same in words. */
  told() {
    if (!this.shown) return '';
    const { left, right } = this.shown;
    const names = (patches) => listed([...new Set(patches.map(holderText))]);
    if (this.app.tool === 'reshape') return t('line.reshaped', { name: names(left) });
    if (this.app.tool === 'area') return t('line.inside', { names: names(left), count: left.length });
    return t('line.hands', { left: names(left), right: names(right) });
  }

  /** Do what the line says. */
  async finish(line) {
    const { app } = this;
    const { tool, work } = app;
    const question = this.#question(line);
    if (!question) return app.refuse(new Refusal('outside', line[0]));
    const before = work.now.control;
    const answer = await app.keeper.attempt(() => post('cut', question));
    if (!answer) return undefined;
    if (work.now.control !== before) return app.refuse(new Refusal('meanwhile'));
    app.stage.setLine([]);
    work.adopt(tool === 'reshape' ? 'step.reshape' : 'step.cut', { control: answer.features }, { byHand: true });
    const on = (hand) => Object.keys(answer.sides).filter((id) => answer.sides[id] === hand);
    app.take('select');
    app.chosen = null;
    app.hands = tool === 'front' ? { left: on('left'), right: on('right'), shown: 'left' } : null;
    app.selected = new Set({ split: answer.created, front: app.hands?.left, reshape: [question.id], area: answer.inside }[tool]);
    app.chose();
    return app.say(tool === 'reshape' ? t('said.reshaped') : t('said.cut', { count: answer.created.length }));
  }

  /** The patch that a line is meant for: the chosen one, else that under its middle. */
  #patchAlong(line) {
    const { selected, stage } = this.app;
    if (selected.size === 1) return [...selected][0];
    const i = Math.floor((line.length - 1) / 2);
    const middle = [0, 1].map((k) => (line[i][k] + line[i + 1][k]) / 2);
    return stage.patchAt(middle)?.id ?? null;
  }

  turn() {
    const { app } = this;
    app.hands = { ...app.hands, shown: app.hands.shown === 'left' ? 'right' : 'left' };
    app.selected = new Set(app.hands[app.hands.shown]);
    app.chosenPanel.renew();
    app.draw();
  }
}
