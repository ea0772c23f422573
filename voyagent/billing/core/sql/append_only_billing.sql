-- Refuse changes of allocations, write-offs and cancellations, and of the parts of a refund.
--
-- An allocation or a write-off is taken back by another row that reverses it. A refund, payout
-- or receipt of a claim may get a reversal (see guard_reversal), so only TRUNCATE is refused here.
-- requires: refuse_change

create or replace trigger allocations_append_only before update or delete on allocations
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger allocations_no_truncate before truncate on allocations
  for each statement execute function app.refuse_change();

create or replace trigger write_offs_append_only before update or delete on write_offs
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger write_offs_no_truncate before truncate on write_offs
  for each statement execute function app.refuse_change();

create or replace trigger refund_parts_append_only before update or delete on refund_parts
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger refund_parts_no_truncate before truncate on refund_parts
  for each statement execute function app.refuse_change();

create or replace trigger cancellations_append_only before update or delete on cancellations
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger cancellations_no_truncate before truncate on cancellations
  for each statement execute function app.refuse_change();
create or replace trigger cancellation_lines_append_only
  before update or delete on cancellation_lines
  for each row when (current_user <> 'voyagent_mover')
  execute function app.refuse_change();
create or replace trigger cancellation_lines_no_truncate before truncate on cancellation_lines
  for each statement execute function app.refuse_change();

create or replace trigger refunds_no_truncate before truncate on refunds
  for each statement execute function app.refuse_change();
create or replace trigger gateway_payouts_no_truncate before truncate on gateway_payouts
  for each statement execute function app.refuse_change();
create or replace trigger supplier_claim_receipts_no_truncate
  before truncate on supplier_claim_receipts
  for each statement execute function app.refuse_change();
