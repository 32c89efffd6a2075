// ChatKit: sessions with their limits and ends; threads, which only the widget makes, are not there.

import { OpenAI, all } from '../walk.mjs';

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
  t.same(await all(threads.list({ user: 'u1' })), []);
  await t.gone(() => threads.retrieve('cthr_none'), () => threads.delete('cthr_none'), () => threads.listItems('cthr_none'));
}
