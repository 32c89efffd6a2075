// Assistants, threads and messages: kept, changed, listed, and gone with what belongs to them.

import { OpenAI, all, every, user } from '../walk.mjs';

const ADD = { type: 'function', function: { name: 'add', parameters: { type: 'object', properties: {} } } };
const model = 'gpt-4o';

export default async function (t) {
  const { assistants, threads } = t.client.beta;
  const ids = [];
  for (const name of ['0', '1', '2']) ids.push((await assistants.create({ model, name, temperature: 0.3, tools: [ADD] })).id);
  t.same((await every('id', assistants.list({ limit: 2 }))).slice(0, 3), [...ids].reverse());
  const changed = await assistants.update(ids[0], { name: 'Ada', temperature: null });
  t.same([changed.name, changed.temperature], ['Ada', 1]);
  t.same(await assistants.retrieve(ids[0]), changed);
  for (const id of ids) t.same((await assistants.delete(id)).deleted, true);
  await t.gone(() => assistants.retrieve(ids[0]), () => assistants.create({ model: 'gpt-none' }));
  await t.refused(OpenAI.BadRequestError, () => assistants.create({ model, tools: [ADD, ADD] }));

  const made = await threads.create({ messages: user('Hello'), metadata: { a: 'b' } });
  t.same((await threads.update(made.id, { metadata: { c: 'd' } })).metadata, { c: 'd' });
  t.same((await threads.retrieve(made.id)).metadata, { c: 'd' });
  const added = await threads.messages.create(made.id, { role: 'user', content: 'more' });
  const listed = await all(threads.messages.list(made.id, { order: 'asc', limit: 1 }));
  t.same(listed.map((message) => message.content[0].text.value), ['Hello', 'more']);
  const at = { thread_id: made.id };
  t.same((await threads.messages.update(added.id, { ...at, metadata: { x: 'y' } })).metadata, { x: 'y' });
  t.same((await threads.messages.retrieve(added.id, at)).metadata, { x: 'y' });
  t.same((await threads.messages.delete(added.id, at)).deleted, true);
  await t.gone(() => threads.messages.retrieve(added.id, at));
  t.same((await threads.delete(made.id)).deleted, true);
  await t.gone(() => threads.retrieve(made.id));
}
