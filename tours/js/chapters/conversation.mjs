// Conversations: items that come and go, and responses that read them and add to them.

import { OpenAI, all, user } from '../walk.mjs';

const model = 'gpt-4o';

export default async function (t) {
  const { conversations, responses } = t.client;
  const made = await conversations.create({ metadata: { topic: 'whales' }, items: user('My name is Zoe.') });
  t.same([made.object, made.metadata], ['conversation', { topic: 'whales' }]);
  t.same((await conversations.update(made.id, { metadata: { topic: 'ships' } })).metadata, { topic: 'ships' });
  t.same((await conversations.retrieve(made.id)).metadata, { topic: 'ships' });
  const first = await responses.create({ model, input: 'What is my name?', conversation: made.id });
  t.same([first.output_text, first.conversation], ['Your name is Zoe.', { id: made.id }]);
  const added = await conversations.items.create(made.id, { items: [...user('one'), ...user('two')] });
  t.same(added.data.map((item) => item.content[0].text), ['one', 'two']);
  const items = await all(conversations.items.list(made.id, { order: 'asc', limit: 2 }));
  const said = ['My name is Zoe.', 'What is my name?', 'Your name is Zoe.', 'one', 'two'];
  t.same(items.map((item) => item.content[0].text), said);
  const at = { conversation_id: made.id };
  const { id } = added.data[0];
  t.same((await conversations.items.retrieve(id, at)).content[0].text, 'one');
  t.same((await conversations.items.delete(id, at)).id, made.id);
  await t.gone(() => conversations.items.retrieve(id, at));
  const items21 = Array.from({ length: 21 }, (_, n) => user(String(n))[0]);
  await t.refused(OpenAI.BadRequestError, () => conversations.items.create(made.id, { items: items21 }));
  t.same((await conversations.delete(made.id)).deleted, true);
  await t.gone(() => conversations.retrieve(made.id));
}
