// Buttons and keys: what a click or a chord asks of the editor.

/* global isRtl */

const byId = (id) => document.getElementById(id);
export const TOOLS = ['select', 'borders', 'split', 'front', 'event', 'place'];
export const TABS = ['chosen', 'ledger', 'problems'];

export function prepareControls(app) {
  for (const button of document.querySelectorAll('[data-tool]')) button.addEventListener('click', () => app.take(button.dataset.tool));
  byId('undo').addEventListener('click', () => app.work.undo());
  byId('redo').addEventListener('click', () => app.work.redo());
  byId('save').addEventListener('click', () => app.keeper.save());
  byId('help').addEventListener('click', () => app.help());
  byId('leave').addEventListener('click', () => app.leave());
  byId('language').addEventListener('click', () => app.turnLanguage());
  byId('ghost').addEventListener('change', (event) => { app.showGhost = event.target.checked; app.draw(); });
  byId('snap').addEventListener('change', (event) => { app.snap = event.target.checked; });
  byId('date').addEventListener('change', () => app.turnDate(byId('date').value));
  for (const name of TABS) byId(`tab-${name}`).addEventListener('click', () => app.show(name));
  byId('tabs').addEventListener('keydown', (event) => tabKey(app, event));
  document.addEventListener('keydown', (event) => key(app, event));
}

function tabKey(app, event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key] * (isRtl() ? -1 : 1);
  if (!step) return;
  app.show(TABS[(TABS.indexOf(app.panel) + step + TABS.length) % TABS.length]);
  byId(`tab-${app.panel}`).focus();
  event.preventDefault();
}

function key(app, event) {
  if (byId('dialog').open) return;
  const typing = event.target.matches?.('input:not([type="checkbox"], [type="radio"]), select, textarea');
  if ((event.ctrlKey || event.metaKey) && !event.altKey) return chord(app, event, typing);
  if (event.key === 'Escape') return cancel(app);
  if (typing || event.altKey || !app.keys) return undefined;
  if (TOOLS[event.key - 1]) app.take(TOOLS[event.key - 1]);
  else if (event.key === '?') app.help();
  else if (event.key === 'g' && app.ghost.length) byId('ghost').click();
  else return undefined;
  return event.preventDefault();
}

function chord(app, event, typing) {
  const key = event.key.toLowerCase();
  if (key === 's') {
    // A field tells of its last word when it is left.
    event.target.blur?.();
    event.target.focus?.();
    app.keeper.save();
  } else if (typing) return; // the field's own undo
  else if (key === 'z' && event.shiftKey) app.work.redo();
  else if (key === 'z') app.work.undo();
  else if (key === 'y') app.work.redo();
  else return;
  event.preventDefault();
}

function cancel(app) {
  if (app.stage.cancel()) return;
  Object.assign(app, { pieces: [], marks: [] });
  if (app.tool !== 'select') app.take('select');
  else if (app.selected.size || app.chosen) app.choose(null);
  app.refuse(null);
}
