// Agents and their vaults: saved settings, and credentials whose secrets nobody sees again.

import { OpenAI, all, every } from '../walk.mjs';

const model = 'gpt-4o';
const auth = {
  type: 'mcp_oauth', mcp_server_url: 'https://mcp.example.com', access_token: 'hush-access', expires_at: '2030-01-01T00:00:00Z',
  refresh: {
    client_id: 'me', refresh_token: 'hush-refresh', token_endpoint: 'https://auth.example.com/token',
    token_endpoint_auth: { type: 'client_secret_basic', client_secret: 'hush-client' },
  },
};

export default async function (t) {
  const { agents } = t.client.beta;
  const made = await agents.create({ model, name: 'helper', metadata: { a: 'b' }, reasoning: { effort: 'low' } });
  t.same([made.name, made.instructions, made.tools], ['helper', null, []]);
  t.same(await agents.retrieve(made.id), made);
  const changed = await agents.update(made.id, { name: 'other', reasoning: { summary: 'auto' } });
  t.same([changed.name, changed.metadata, changed.reasoning.effort], ['other', { a: 'b' }, 'low']);
  t.true((await every('id', agents.list({ limit: 1 }))).includes(made.id));
  t.same((await agents.delete(made.id)).deleted, true);
  await t.gone(() => agents.retrieve(made.id), () => agents.create({ model: 'no-such-model' }));

  const { vaults } = agents;
  const { credentials } = vaults;
  const vault = await vaults.create({ name: '  team  ', metadata: { team: 'js' } });
  t.same([vault.name, await every('id', vaults.list({ metadata: { team: 'js' } }))], ['team', [vault.id]]);
  t.same((await vaults.update(vault.id, { name: 'ours' })).metadata, { team: 'js' });
  t.same((await vaults.retrieve(vault.id)).name, 'ours');
  const at = { vault_id: vault.id };
  const held = await credentials.create(vault.id, { name: 'c', auth });
  const turned = await credentials.update(held.id, { ...at, auth: { type: 'mcp_oauth', access_token: 'hush-2' } });
  const shown = [held, turned, await credentials.retrieve(held.id, at), ...(await all(credentials.list(vault.id)))];
  t.same([shown.length, JSON.stringify(shown).includes('hush')], [4, false]);
  const wrong = { type: 'static_bearer', token: 't', mcp_server_url: 'http://x' };
  await t.refused(OpenAI.BadRequestError, () => credentials.create(vault.id, { name: 'c', auth: wrong }));
  await credentials.delete(held.id, at);
  t.same(await all(credentials.list(vault.id)), []);
  t.same((await vaults.delete(vault.id)).deleted, true);
  await t.gone(() => vaults.retrieve(vault.id));
}
