// Automations: sessions that the clock begins.

import { OpenAI, all, every } from '../walk.mjs';
import { until } from '../house.mjs';

const say = { role: 'user', content: [{ type: 'input_text', text: 'good morning' }] };
const target = { type: 'new_session', agent: { model: 'gpt-4o' }, environment: { type: 'none' }, input: [say] };
const HOURLY = { type: 'periodic', expression: '0 * * * *', timezone: 'UTC', name: 'hourly', target };

export default async function (t) {
  const { automations } = t.client.beta.agents;
  const made = await automations.create(HOURLY);
  const runs = () => all(automations.invocations.list(made.id, { order: 'asc' }));
  const through = (number) =>
    until(async () => {
      const found = await runs();
      return found.length === number && found.every((run) => run.status !== 'queued') && found;
    });
  t.same(await automations.retrieve(made.id), made);
  t.same([await every('id', automations.list()), await runs()], [[made.id], []]);
  await t.house.wait(3600);
  const [run] = await through(1);
  t.same([run.status, run.scheduled_at % 3600, run.source.type], ['completed', 0, 'automation']);
  t.same(await automations.invocations.retrieve(run.id, { automation_id: made.id }), run);
  t.same((await automations.pause(made.id)).status, 'paused');
  await t.house.wait(10_000);
  t.same((await runs()).length, 1);
  t.same((await automations.resume(made.id)).status, 'active');
  t.same((await automations.invocations.create(made.id)).source.type, 'manual');
  t.same((await through(2))[1].status, 'completed');
  t.same((await automations.update(made.id, { name: 'new' })).name, 'new');
  await t.refused(OpenAI.BadRequestError, () => automations.create({ ...HOURLY, expression: '61 * * * *' }));
  t.same((await automations.delete(made.id)).deleted, true);
  await t.gone(() => automations.retrieve(made.id));
}
