// Embeddings: both encodings, as many dimensions as asked, and what is alike lies near.

import { OpenAI, sum } from '../walk.mjs';

const model = 'text-embedding-3-small';
const input = ['a small dog runs', 'a puppy is running', 'quarterly tax report'];
const product = (one, other) => sum(one.map((value, place) => value * other[place]));

function unpacked(text) {
  const data = Buffer.from(text, 'base64');
  return Array.from({ length: data.length / 4 }, (_, place) => data.readFloatLE(4 * place));
}

export default async function (t) {
  const { embeddings } = t.client;
  const packed = await embeddings.create({ model, input, dimensions: 128, encoding_format: 'base64' });
  const vectors = packed.data.map((item) => unpacked(item.embedding));
  t.same(vectors.map((vector) => vector.length), [128, 128, 128]);
  for (const more of [{}, { encoding_format: 'float' }]) {
    const plain = await embeddings.create({ model, input, dimensions: 128, ...more });
    for (const [place, vector] of vectors.entries()) {
      t.true(vector.every((value, at) => Math.abs(value - plain.data[place].embedding[at]) < 1e-6));
      t.near(product(vector, vector), 1, 1e-5);
    }
  }
  t.true(product(vectors[0], vectors[1]) > product(vectors[0], vectors[2]));
  t.same(packed.usage.total_tokens, packed.usage.prompt_tokens);
  t.same((await embeddings.create({ model: 'text-embedding-3-large', input: 'x' })).data[0].embedding.length, 3072);
  await t.refused(OpenAI.BadRequestError, () => embeddings.create({ model, input: 'x', dimensions: 5000 }));
}
