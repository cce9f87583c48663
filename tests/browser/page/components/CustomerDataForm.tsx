// components/CustomerDataForm.tsx
import { useState } from 'react';

interface Props {
  customerId: number;
  onSuccess: () => void;
}

export function CustomerDataForm({ customerId, onSuccess }: Props) {
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const [file, setFile] = useState<File | null>(null);
  const [loading, setLoading] = useState(false);
  const [error, setError] = useState<string | null>(null);

  const handleSubmit = async (e: React.FormEvent) => {
    e.preventDefault();
    setLoading(true);
    setError(null);

    try {
      const formData = new FormData();
      formData.append('customer', String(customerId));
      formData.append('key', key);
      if (value) formData.append('value', value);
      if (file) formData.append('file', file);

      const response = await fetch('/api/message/customer-data/', {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${localStorage.getItem('token')}`,
        },
        body: formData,
      });

      if (!response.ok) {
        const data = await response.json();
        throw new Error(data.key?.[0] || data.non_field_errors?.[0] || 'Error');
      }

      setKey('');
      setValue('');
      setFile(null);
      onSuccess();
    } catch (err) {
      setError(err instanceof Error ? err.message : 'Unknown error');
    } finally {
      setLoading(false);
    }
  };

  return (
    <form onSubmit={handleSubmit}>
      <div>
        <label htmlFor="key">Key (Field Name)</label>
        <input
          id="key"
          type="text"
          value={key}
          onChange={(e) => setKey(e.target.value)}
          placeholder="e.g., birthday, company, contract"
          required
        />
      </div>

      <div>
        <label htmlFor="value">Value (Text)</label>
        <textarea
          id="value"
          value={value}
          onChange={(e) => setValue(e.target.value)}
          placeholder="Enter text value..."
        />
      </div>

      <div>
        <label htmlFor="file">File Attachment</label>
        <input
          id="file"
          type="file"
          onChange={(e) => setFile(e.target.files?.[0] || null)}
        />
        {file && <span>Selected: {file.name}</span>}
      </div>

      {error && <p style={{ color: 'red' }}>{error}</p>}

      <button type="submit" disabled={loading || !key || (!value && !file)}>
        {loading ? 'Saving...' : 'Save Data'}
      </button>
    </form>
  );
}
