// What a project may do: models, hosted tools, tiers, retention, spending; requests notice each of them.

import { OpenAI, every, user } from '../walk.mjs';

const MONTHLY = { currency: 'USD', interval: 'month' };
const notification_channel = { type: 'email', recipients: ['a@b.c'] };
const say = (client, more = {}) => client.chat.completions.create({ model: 'gpt-4o', messages: user('Say: hi'), ...more });

export default async function (t) {
  const org = t.client.admin.organization;
  const { projects } = org;
  const project = (await projects.create({ name: 'Permissions' })).id;
  const robot = t.make((await projects.serviceAccounts.create(project, { name: 'robot' })).api_key.value);
  const denied = (call) => t.refused(OpenAI.PermissionDeniedError, call);

  t.same((await projects.modelPermissions.retrieve(project)).mode, 'deny_list');
  await projects.modelPermissions.update(project, { mode: 'deny_list', model_ids: ['gpt-4o'] });
  t.same((await denied(() => say(robot))).code, 'model_not_found');
  await say(robot, { model: 'gpt-4.1' });
  t.same((await projects.modelPermissions.delete(project)).deleted, true);
  await say(robot);

  t.true((await projects.hostedToolPermissions.retrieve(project)).web_search.enabled);
  await projects.hostedToolPermissions.update(project, { web_search: { enabled: false } });
  const asked = { model: 'gpt-4o', input: 'hi', tools: [{ type: 'web_search_preview' }] };
  t.same((await denied(() => robot.responses.create(asked))).param, 'tools');

  t.same((await projects.serviceTierSettings.retrieve(project)).enabled_tiers, 'all');
  await projects.serviceTierSettings.update(project, { enabled_tiers: ['fast'] });
  await denied(() => say(robot, { service_tier: 'flex' }));

  t.same((await projects.dataRetention.retrieve(project)).type, 'organization_default');
  const usual = (await org.dataRetention.retrieve()).type;
  await org.dataRetention.update({ retention_type: 'zero_data_retention' });
  const gone = await robot.responses.create({ model: 'gpt-4o', input: 'hi' });
  await t.gone(() => robot.responses.retrieve(gone.id));
  await projects.dataRetention.update(project, { retention_type: 'none' });
  const kept = await robot.responses.create({ model: 'gpt-4o', input: 'hi' });
  t.same((await robot.responses.retrieve(kept.id)).id, kept.id);
  t.same((await org.dataRetention.update({ retention_type: usual })).type, usual);
  await spending(t, project, robot);
}

async function spending(t, project_id, robot) {
  const org = t.client.admin.organization;
  const { spendLimit, spendAlerts } = org.projects;
  const alert = await spendAlerts.create(project_id, { ...MONTHLY, threshold_amount: 500, notification_channel });
  const changed = { ...MONTHLY, project_id, threshold_amount: 200, notification_channel };
  t.same((await spendAlerts.update(alert.id, changed)).threshold_amount, 200);
  t.same((await spendAlerts.retrieve(alert.id, { project_id })).threshold_amount, 200);
  t.same(await every('id', spendAlerts.list(project_id)), [alert.id]);
  t.same((await spendAlerts.delete(alert.id, { project_id })).deleted, true);
  await t.gone(() => spendLimit.retrieve(project_id));
  t.same((await spendLimit.update(project_id, { ...MONTHLY, threshold_amount: 1 })).enforcement.status, 'inactive');
  await say(robot, { model: 'gpt-4.1', messages: user('word '.repeat(20_000)) });
  t.same((await spendLimit.retrieve(project_id)).enforcement.status, 'enforcing');
  t.same((await t.refused(OpenAI.RateLimitError, () => say(robot))).code, 'insufficient_quota');
  t.same((await spendLimit.delete(project_id)).deleted, true);
  await say(robot);
  t.same((await org.spendLimit.update({ ...MONTHLY, threshold_amount: 1_000_000 })).threshold_amount, 1_000_000);
  t.same((await org.spendLimit.retrieve()).enforcement.status, 'inactive');
  t.same((await org.spendLimit.delete()).deleted, true);
  const whole = await org.spendAlerts.create({ ...MONTHLY, threshold_amount: 500, notification_channel });
  await org.spendAlerts.update(whole.id, { ...MONTHLY, threshold_amount: 600, notification_channel });
  t.same((await org.spendAlerts.retrieve(whole.id)).threshold_amount, 600);
  t.same(await every('id', org.spendAlerts.list()), [whole.id]);
  t.same((await org.spendAlerts.delete(whole.id)).deleted, true);
}
