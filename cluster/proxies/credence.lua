-- Asks a member of Credence about the token of a request, by HAProxy's own client, and leaves the answer in variables of the
-- transaction: txn.credence_status (the HTTP status, -1 when there was none) and what the answer's fields say.

local answer_fields = {
    ["x-auth-subject"] = "txn.credence_subject",
    ["x-auth-scopes"] = "txn.credence_scopes",
    ["x-auth-method"] = "txn.credence_method",
    ["x-auth-token-id"] = "txn.credence_token_id",
    ["www-authenticate"] = "txn.credence_challenge",
}

-- Milliseconds. HAProxy tries four times before it gives up.
local timeout = 500

-- The question is the token and nothing else: no field by which a client could steer the member.
local function fields_of_question(txn)
    local authorization = txn.http:req_get_headers()["authorization"]
    if authorization == nil then return {} end
    -- Of two, the application might read the other one; the member refuses what is no single token.
    if authorization[1] ~= nil then return { authorization = { "several" } } end
    return { authorization = { authorization[0] } }
end

local function ask(txn, question)
    -- First of all: whatever goes wrong below, nobody has vouched.
    txn:set_var("txn.credence_status", -1)
    local answer = core.httpclient():get { url = question, headers = fields_of_question(txn), timeout = timeout }
    if answer == nil or answer.status == nil or answer.status == 0 then return end
    for name, variable in pairs(answer_fields) do
        local values = answer.headers and answer.headers[name]
        if values ~= nil then txn:set_var(variable, values[0]) end
    end
    txn:set_var("txn.credence_status", answer.status)
end

core.register_action("credence", { "http-req" }, ask, 1)
