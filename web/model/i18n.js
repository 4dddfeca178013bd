// The sentences of a language. `{n}` is a value, `*…*` has weight; an object holds the plural forms for `n`.

/** The first of the wished languages that is among `languages`, codes to names, whatever its region if need be (RFC 4647,
 * section 3.4); English without one. */
export function choose(wished, languages) {
  const codes = Object.keys(languages);
  for (const tag of wished) {
    for (const parts of prefixes(tag.toLowerCase().split(/[-_]/))) {
      const found = codes.find((code) => code.toLowerCase() === parts.join('-'));
      if (found) return found;
    }
  }
  return 'en';
}

const prefixes = (parts) => parts.map((_, place) => parts.slice(0, parts.length - place));

/** Gives back `t(key, values)`: the sentence, with numbers written by `figures`, in the plural forms of `rules`. */
export function translator(figures, sentences, rules) {
  const plurals = new Intl.PluralRules(rules);
  return (key, values = {}) => {
    const found = sentences[key];
    const sentence = found.other ? found[plurals.select(values.n)] ?? found.other : found;
    return sentence.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      return typeof value === 'number' ? figures(value) : value;
    });
  };
}

/** The sentence in pieces, `{ text, strong }`. */
export function pieces(sentence) {
  return sentence.split('*').map((text, place) => ({ text, strong: place % 2 === 1 }));
}
