// Projects and service accounts, whose keys really work and stop working; rate limits that apply and wear off.

import { OpenAI, all, every, user } from '../walk.mjs';

const ask = (client, model = 'gpt-4o') => client.chat.completions.create({ model, messages: user('Say: hi') });
const say = async (client) => (await ask(client)).choices[0].message.content;

export default async function (t) {
  const { projects } = t.client.admin.organization;
  const [first] = await all(projects.list());
  const made = await projects.create({ name: 'Alpha', geography: 'EU' });
  t.same([made.status, made.residency], ['active', 'EU_STORAGE_PROCESSING']);
  t.same((await projects.update(made.id, { name: 'Beta' })).name, 'Beta');
  t.same((await projects.retrieve(made.id)).name, 'Beta');
  const robot = await accounts(t, made.id);
  await limits(t, made.id, robot);
  t.same((await projects.archive(made.id)).status, 'archived');
  t.same((await t.refused(OpenAI.AuthenticationError, () => say(robot))).code, 'not_authorized_invalid_project');
  t.same(await every('id', projects.list()), [first.id]);
  t.same(await every('id', projects.list({ include_archived: true, limit: 1 })), [first.id, made.id]);
  await t.refused(OpenAI.BadRequestError, () => projects.archive(first.id));
}

async function accounts(t, project_id) {
  const { serviceAccounts } = t.client.admin.organization.projects;
  const made = await serviceAccounts.create(project_id, { name: 'robot' });
  const robot = t.make(made.api_key.value);
  t.same([made.role, await say(robot)], ['member', 'hi']);
  await t.refused(OpenAI.PermissionDeniedError, () => robot.admin.organization.projects.list());
  t.same((await serviceAccounts.update(made.id, { project_id, name: 'droid' })).name, 'droid');
  t.same((await serviceAccounts.retrieve(made.id, { project_id })).name, 'droid');
  const second = t.make((await serviceAccounts.apiKeys.create(made.id, { project_id, name: 'second' })).value);
  t.same(await say(second), 'hi');
  t.same(await every('id', serviceAccounts.list(project_id)), [made.id]);
  const other = t.make((await serviceAccounts.create(project_id, { name: 'other' })).api_key.value);
  t.same((await serviceAccounts.delete(made.id, { project_id })).deleted, true);
  for (const client of [robot, second]) await t.refused(OpenAI.AuthenticationError, () => say(client));
  t.same(await say(other), 'hi');
  return other;
}

async function limits(t, project_id, robot) {
  const { rateLimits } = t.client.admin.organization.projects;
  const { id } = (await all(rateLimits.listRateLimits(project_id))).find((limit) => limit.model === 'gpt-4o');
  const changed = await rateLimits.updateRateLimit(id, { project_id, max_requests_per_1_minute: 2 });
  t.same(changed.max_requests_per_1_minute, 2);
  await t.house.wait(60);
  const left = [];
  for (let n = 0; n < 2; n += 1) {
    left.push((await ask(robot).withResponse()).response.headers.get('x-ratelimit-remaining-requests'));
  }
  t.same(left, ['1', '0']);
  const refused = await t.refused(OpenAI.RateLimitError, () => ask(robot));
  t.same(refused.code, 'rate_limit_exceeded');
  t.true(Number(refused.headers.get('retry-after')) <= 30);
  await ask(robot, 'gpt-4.1');
  await t.house.wait(30);
  t.same(await say(robot), 'hi');
}
