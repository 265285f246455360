// The report with what was read in it: every mention in the colour and line of its kind, and the
// sentence of the draft in hand marked. Text from the report only ever becomes text nodes.

/* global actorName, el, isoText, placeName, t */

const PARAGRAPH = /\n+/g;

/** What a mention was taken for, in words. */
function meaning([, , kind, value]) {
  if (kind === 'place') return value ? placeName(value) : t('mention.open');
  if (kind === 'actor') return value ? actorName(value) : t('mention.open');
  if (kind === 'date') return value.split('/').map((one) => isoText(one)).join(' \u2013 ');
  return kind === 'cue' ? value : t('mention.open');
}

export const KINDS = ['cue', 'actor', 'place', 'date', 'name'];

export class Passage {
  constructor(node, choose) {
    Object.assign(this, { node, choose, sentences: new Map() });
    node.addEventListener('click', (event) => {
      const near = event.target.closest('[data-drafts]');
      if (near && !window.getSelection().toString()) choose(near.dataset.drafts.split(' '));
    });
  }

  /** Lay the text out anew: paragraphs, in them sentences that have drafts, in them mentions. */
  read({ text, mentions, drafts }) {
    const spans = new Map();
    for (const draft of drafts) {
      const key = draft.span.join('-');
      if (!spans.has(key)) spans.set(key, { start: draft.span[0], end: draft.span[1], ids: [] });
      spans.get(key).ids.push(draft.id);
    }
    const sentences = [...spans.values()].sort((a, b) => a.start - b.start);
    this.sentences = new Map();
    this.marks = new Map();
    const paragraphs = [];
    let at = 0;
    const add = (end) => {
      if (text.slice(at, end).trim()) {
        const node = el('p', { dir: 'auto' });
        this.#fill(node, text, at, end, sentences, mentions);
        paragraphs.push(node);
      }
    };
    for (const match of text.matchAll(PARAGRAPH)) {
      // A sentence that a line break cuts stays in one paragraph.
      if (sentences.some((one) => one.start < match.index && match.index < one.end)) continue;
      add(match.index);
      at = match.index + match[0].length;
    }
    add(text.length);
    this.node.replaceChildren(...paragraphs);
  }

  #fill(node, text, start, end, sentences, mentions) {
    let at = start;
    for (const one of sentences) {
      if (one.start < at || one.start >= end) continue;
      this.#words(node, text, at, one.start, mentions);
      const last = Math.min(one.end, end);
      const sentence = el('span', { class: 'sentence', 'data-drafts': one.ids.join(' ') });
      this.#words(sentence, text, one.start, last, mentions);
      node.append(sentence);
      for (const id of one.ids) this.sentences.set(id, sentence);
      at = last;
    }
    this.#words(node, text, at, end, mentions);
  }

  #words(node, text, start, end, mentions) {
    let at = start;
    for (const mention of mentions) {
      const [first, last, kind] = mention;
      if (first < at || last > end) continue;
      node.append(text.slice(at, first));
      const mark = el('mark', { 'data-kind': kind, title: `${t(`mention.${kind}`)}: ${meaning(mention)}`, 'data-at': `${first}-${last}`, class: mention[3] ? null : 'open' }, text.slice(first, last));
      this.marks.set(`${first}-${last}`, mark);
      node.append(mark);
      at = last;
    }
    node.append(text.slice(at, end));
  }

  /** Mark the sentence and the words of the draft in hand, and those that are done with. */
  show(draft, drafts) {
    const done = new Set(drafts.filter((one) => one.status !== 'draft').map((one) => one.id));
    for (const [, node] of this.sentences) {
      const ids = node.dataset.drafts.split(' ');
      node.classList.toggle('done', ids.every((id) => done.has(id)));
      node.classList.remove('now');
    }
    for (const mark of this.marks.values()) mark.classList.remove('used');
    const node = draft && this.sentences.get(draft.id);
    if (!node) return;
    node.classList.add('now');
    for (const span of draft.words) this.marks.get(span.join('-'))?.classList.add('used');
    const [box, frame] = [node.getBoundingClientRect(), this.node.getBoundingClientRect()];
    if (box.top < frame.top + 8 || box.bottom > frame.bottom - 8) {
      this.node.scrollTop += box.top - frame.top - Math.max(24, (frame.height - box.height) / 3);
    }
  }
}
