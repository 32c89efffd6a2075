// Vector stores: files taken in alone and in batches, found by meaning and attributes, expired when nobody asks.

import { OpenAI, all, every, file } from '../walk.mjs';

const DAY = 86_400;
const SOON = { pollIntervalMs: 50 };
const TEXTS = {
  'refund.md': 'Customers get their money back within thirty days. Contact support with the receipt for a refund.',
  'dog.txt': 'The office dog is a small puppy named Rex who likes long walks in the park.',
  'shipping.txt': 'Delivery takes three to five working days; every parcel can be tracked on its way.',
  'login.txt': 'To reset your password open the settings page and choose security.',
};
const ASKED = {
  'How do I get reimbursed?': 'refund.md', canine: 'dog.txt', 'when will my package arrive': 'shipping.txt',
  'I forgot how to login': 'login.txt',
};

export default async function (t) {
  const stores = t.client.vectorStores;
  const made = await stores.create({ name: 'house', metadata: { a: 'b' } });
  t.same([made.name, made.metadata, made.file_counts.total], ['house', { a: 'b' }, 0]);
  for (const [name, text] of Object.entries(TEXTS)) {
    const body = { file_id: await t.upload(name, text, 'assistants'), attributes: { name, size: text.length } };
    t.same((await stores.files.createAndPoll(made.id, body, SOON)).status, 'completed');
  }
  t.same((await stores.retrieve(made.id)).file_counts.completed, 4);
  t.same((await stores.update(made.id, { name: 'new' })).name, 'new');
  await searched(t, made.id);
  await files(t, made.id);
  await batches(t);
  await expiry(t);
  t.true((await every('id', stores.list({ limit: 1 }))).includes(made.id));
  t.same((await stores.delete(made.id)).deleted, true);
  await t.gone(() => stores.retrieve(made.id));
}

async function searched(t, store) {
  const search = (body) => all(t.client.vectorStores.search(store, body));
  for (const [query, best] of Object.entries(ASKED)) {
    const found = await search({ query, max_num_results: 3 });
    t.same([found[0].filename, found[0].content[0].text], [best, TEXTS[best]]);
    t.true(found.every((hit, place) => place === 0 || hit.score <= found[place - 1].score));
  }
  const only = { type: 'in', key: 'name', value: ['dog.txt', 'login.txt'] };
  const filters = { type: 'and', filters: [only, { type: 'gt', key: 'size', value: 70 }] };
  t.same((await search({ query: 'anything', filters })).map((hit) => hit.filename), ['dog.txt']);
  await t.refused(OpenAI.BadRequestError, () => search({ query: 'x', max_num_results: 51 }));
}

async function files(t, store) {
  const { files } = t.client.vectorStores;
  const bad = await files.uploadAndPoll(store, file('bad', '\0'), SOON);
  t.same([bad.status, bad.last_error.code], ['failed', 'unsupported_file']);
  t.same(await every('id', files.list(store, { filter: 'failed' })), [bad.id]);
  const good = await every('id', files.list(store, { filter: 'completed', order: 'asc', limit: 1 }));
  const at = { vector_store_id: store };
  t.same((await every('text', files.content(good[1], at))).join(''), TEXTS['dog.txt']);
  t.same((await files.update(good[1], { ...at, attributes: { new: 1.5 } })).attributes, { new: 1.5 });
  t.same((await files.retrieve(good[1], at)).attributes, { new: 1.5 });
  t.same((await files.delete(good[1], at)).deleted, true);
  await t.gone(() => files.retrieve(good[1], at));
}

async function batches(t) {
  const { fileBatches } = t.client.vectorStores;
  const store = (await t.client.vectorStores.create()).id;
  const file_ids = [];
  for (const n of [0, 1, 2, 3]) file_ids.push(await t.upload(`${n}.txt`, `text ${n}`, 'assistants'));
  const done = await fileBatches.createAndPoll(store, { file_ids }, SOON);
  t.same([done.status, done.file_counts.completed], ['completed', 4]);
  const at = { vector_store_id: store };
  t.same(await every('id', fileBatches.listFiles(done.id, { ...at, order: 'asc', limit: 3 })), file_ids);
  const other = (await t.client.vectorStores.create()).id;
  const made = await fileBatches.create(other, { file_ids });
  t.same((await fileBatches.cancel(made.id, { vector_store_id: other })).status, 'cancelled');
  t.same((await fileBatches.retrieve(made.id, { vector_store_id: other })).file_counts.cancelled, 4);
  const sent = await fileBatches.uploadAndPoll(other, { files: [file('up.txt', 'uploaded text')] }, SOON);
  t.same([sent.status, sent.file_counts.completed], ['completed', 1]);
}

async function expiry(t) {
  const stores = t.client.vectorStores;
  const made = await stores.create({ expires_after: { anchor: 'last_active_at', days: 2 } });
  await t.house.wait(1.5 * DAY);
  t.same(await all(stores.search(made.id, { query: 'puppy' })), []);
  await t.house.wait(1.5 * DAY);
  t.same((await stores.retrieve(made.id)).status, 'completed');
  await t.house.wait(0.6 * DAY);
  t.same((await stores.retrieve(made.id)).status, 'expired');
  await t.refused(OpenAI.BadRequestError, () => stores.search(made.id, { query: 'puppy' }));
}
