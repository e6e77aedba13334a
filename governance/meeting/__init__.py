"""What the weekly meeting decides: the ledger of commitments, whether they worked, its workbook."""
