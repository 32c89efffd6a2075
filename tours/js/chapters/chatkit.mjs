// ChatKit: sessions with their limits and ends; threads as people leave them in the widget.

import { OpenAI, all, every } from '../walk.mjs';

export default async function (t) {
  const { sessions, threads } = t.client.beta.chatkit;
  const given = { user: 'u1', workflow: { id: 'wf_1', state_variables: { a: 1 } } };
  const made = await sessions.create({ ...given, rate_limits: { max_requests_per_1_minute: 3 } });
  t.same([made.status, made.user, made.max_requests_per_1_minute], ['active', 'u1', 3]);
  t.same(made.workflow.state_variables, { a: 1 });
  t.same((await sessions.cancel(made.id)).status, 'cancelled');
  const late = await sessions.create(given);
  await t.house.wait(601);
  t.same((await sessions.cancel(late.id)).status, 'expired');
  await t.refused(OpenAI.BadRequestError, () => sessions.create({ ...given, user: '' }));
  const first = (await t.house.write('u1', 'My name is Ada.')).thread_id;
  t.same((await t.house.write('u1', 'What is my name?', { thread_id: first })).answer, 'Your name is Ada.');
  const other = (await t.house.write('u2', 'Hello')).thread_id;
  const shown = await threads.retrieve(first);
  t.same([shown.title, shown.user], ['My name is Ada.', 'u1']);
  t.same(await every('id', threads.list({ order: 'asc', limit: 1 })), [first, other]);
  const items = await all(threads.listItems(first, { order: 'asc', limit: 3 }));
  t.same(items.map((item) => item.content[0].text).at(-1), 'Your name is Ada.');
  t.same((await threads.delete(first)).deleted, true);
  await t.gone(() => threads.retrieve(first), () => threads.delete(first), () => threads.listItems(first));
}
