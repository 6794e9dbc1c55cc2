"""The ledger: balances, holds, captures and arrears of drivers."""
